import { activeRun } from '../../store/runsSlice';
import { Panel } from '../charts/Panel';
import { TableTwin } from '../charts/TableTwin';
import { useLab, useLabThrottled } from '../labContext';
import { type AttentionView, attentionTable, attentionView, headName } from './attentionView';
import { HeadDots } from './HeadDots';
import { HistogramView } from './HistogramView';
import { Scrubber } from './Scrubber';

/** Where every head attends to, now and since the run's first record. */
export function AttentionPanel() {
  const view = useAttentionView();
  const kind = useLab((state) => state.attention.view);
  return (
    <Panel
      title="Attention distance"
      explain="attention"
      tools={<AttentionTools />}
      readout={view && <HeadReadout view={view} />}
    >
      {view ? (
        <>
          <div className="attention-body">{kind === 'histogram' ? <HistogramView view={view} /> : <HeadDots view={view} />}</div>
          <Scrubber view={view} />
        </>
      ) : (
        <p className="empty">No attention record yet. The first one comes with the first probe of a run.</p>
      )}
      <TableTwin name="attention" testId="attention-table" table={attentionTable} />
    </Panel>
  );
}

/** Follows the records a few times a second, and the scrubber at once. */
function useAttentionView(): AttentionView | undefined {
  const chosen = useLab((state) => state.attention.record);
  const live = useLabThrottled(attentionView);
  const moved = useLab((state) => (chosen === undefined ? undefined : attentionView(state)?.record));
  return live && moved ? { ...live, record: moved, index: Math.min(chosen ?? live.index, live.count - 1) } : live;
}

function AttentionTools() {
  const { mode, view, scale } = useLab((state) => state.attention);
  const mayProbe = useLab((state) => state.busy === undefined && state.phase === 'open' && activeRun(state) !== undefined);
  const probe = useLab((state) => state.probe);
  const select = useLab((state) => state.selectAttention);
  return (
    <>
      <button
        type="button"
        className="toggle"
        disabled={!mayProbe}
        title="Run the probes now, on the active run’s weights"
        onClick={probe}
      >
        probe now
      </button>
      <button
        type="button"
        className="toggle"
        aria-pressed={mode === 'change'}
        onClick={() => select({ mode: mode === 'mass' ? 'change' : 'mass' })}
      >
        change
      </button>
      <button
        type="button"
        className="toggle"
        aria-pressed={scale === 'log'}
        onClick={() => select({ scale: scale === 'log' ? 'linear' : 'log' })}
      >
        log colour
      </button>
      <button
        type="button"
        className="toggle"
        aria-pressed={view === 'distance'}
        onClick={() => select({ view: view === 'histogram' ? 'distance' : 'histogram' })}
      >
        dots
      </button>
    </>
  );
}

/** The head under the pointer, else the locked one, else the mean of all. */
function HeadReadout({ view: { record } }: { view: AttentionView }) {
  const hovered = useLab((state) => state.hoveredHead);
  const locked = useLab((state) => state.lockedHead);
  const head = hovered ?? locked;
  const row = head ? head.layer * record.heads + head.head : undefined;
  const value = (values: readonly number[]) =>
    row === undefined ? values.reduce((sum, x) => sum + x, 0) / values.length : (values[row] ?? Number.NaN);
  return (
    <span>
      {head ? headName(head.layer, head.head) : 'mean of heads'}: distance <b>{value(record.meanDistance).toFixed(1)}</b>{' '}
      <span className="muted">({value(record.meanDistanceWithoutFirst).toFixed(1)} without first)</span>, entropy{' '}
      <b>{value(record.entropy).toFixed(3)}</b>, first token <b>{value(record.firstTokenMass).toFixed(3)}</b>
      <span className="muted">
        {' '}
        · uniform {record.uniform.meanDistance.toFixed(0)} · T {record.length}, {record.queries} queries
      </span>
    </span>
  );
}
