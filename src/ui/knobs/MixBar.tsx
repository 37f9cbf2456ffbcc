import { useRef } from 'react';
import type { Sources } from './DataMix';

interface MixBarProps {
  sources: Sources;
  onChange(sources: Sources): void;
}

/** The mix as a bar of 100 %; the splits between neighbours can be dragged or moved with the arrow keys. */
export function MixBar({ sources, onChange }: MixBarProps) {
  const bar = useRef<HTMLDivElement>(null);
  const sum = sources.reduce((total, { share }) => total + share, 0) || 1;
  const starts = sources.map((_, i) => sources.slice(0, i).reduce((total, { share }) => total + share / sum, 0));

  /** Moves the split before source `index`; only its two neighbours change. */
  const moveSplit = (index: number, to: number) => {
    const low = starts[index - 1];
    const high = starts[index] + sources[index].share / sum;
    const at = Math.round(Math.min(Math.max(to, low), high) * 100) / 100;
    onChange(
      sources.map((source, i) => {
        const share = i === index - 1 ? at - low : i === index ? high - at : source.share / sum;
        return { ...source, share: Math.round(share * 1000) / 1000 };
      }),
    );
  };

  return (
    <div ref={bar} className="mix-bar">
      {sources.map(({ name, share }, i) => (
        <div
          key={name}
          className="mix-part"
          title={`${name}: ${((share / sum) * 100).toFixed(1)} % of tokens`}
          style={{ width: `${(share / sum) * 100}%`, background: `var(--source-${i % 9})` }}
        />
      ))}
      {sources.slice(1).map(({ name }, i) => {
        const index = i + 1;
        return (
          <div
            key={name}
            className="mix-split"
            role="slider"
            tabIndex={0}
            aria-label={`Split between ${sources[i].name} and ${name}`}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(starts[index] * 100)}
            aria-valuetext={`${sources[i].name} ${((sources[i].share / sum) * 100).toFixed(0)} %, ${name} ${((sources[index].share / sum) * 100).toFixed(0)} %`}
            style={{ left: `${starts[index] * 100}%` }}
            onKeyDown={(event) => {
              const by = { ArrowLeft: -0.01, ArrowDown: -0.01, ArrowRight: 0.01, ArrowUp: 0.01, PageDown: -0.1, PageUp: 0.1 }[
                event.key
              ];
              if (by === undefined) return;
              event.preventDefault();
              moveSplit(index, starts[index] + by);
            }}
            onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
            onPointerMove={(event) => {
              const box = bar.current?.getBoundingClientRect();
              if (box && event.currentTarget.hasPointerCapture(event.pointerId))
                moveSplit(index, (event.clientX - box.left) / box.width);
            }}
          />
        );
      })}
    </div>
  );
}
