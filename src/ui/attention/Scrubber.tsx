import { useEffect, useState } from 'react';
import { formatInteger } from '../format';
import { useLab } from '../labContext';
import type { AttentionView } from './attentionView';

const FRAME_MS = 250;

/** Picks a recorded step. Follows the newest until it is moved; "live" lets it follow again. */
export function Scrubber({ view: { record, index, count } }: { view: AttentionView }) {
  const following = useLab((state) => state.attention.record === undefined);
  const selectAttention = useLab((state) => state.selectAttention);
  const followLive = useLab((state) => state.followLive);
  const [playing, setPlaying] = useState(false);
  const mayMove = !matchMedia('(prefers-reduced-motion: reduce)').matches;

  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => {
      if (index + 1 >= count) {
        setPlaying(false);
        followLive();
      } else selectAttention({ record: index + 1 });
    }, FRAME_MS);
    return () => clearTimeout(timer);
  }, [playing, index, count, selectAttention, followLive]);

  return (
    <div className="scrubber">
      {mayMove && (
        <button
          type="button"
          className="quiet"
          disabled={count < 2}
          aria-label={playing ? 'Stop' : 'Play the recorded steps'}
          onClick={() => {
            if (!playing && index + 1 >= count) selectAttention({ record: 0 });
            setPlaying(!playing);
          }}
        >
          {playing ? '❚❚' : '▶'}
        </button>
      )}
      <input
        type="range"
        className="slider"
        min={0}
        max={Math.max(count - 1, 1)}
        value={index}
        disabled={count < 2}
        aria-label="Recorded step"
        aria-valuetext={`step ${record.step}`}
        style={{ '--filled': `${(index / Math.max(count - 1, 1)) * 100}%` } as React.CSSProperties}
        onChange={(event) => selectAttention({ record: Number(event.target.value) })}
      />
      <output>step {formatInteger(record.step)}</output>
      <button type="button" className="toggle" aria-pressed={following} onClick={followLive}>
        live
      </button>
    </div>
  );
}
