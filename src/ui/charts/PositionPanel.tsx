import { viewedRun } from '../../store/runsSlice';
import { formatInteger } from '../format';
import { useLabStore, useLabThrottled } from '../labContext';
import type { ChartScales } from './chartOptions';
import { LineChart } from './LineChart';
import { positionModel, positionTable } from './models/positionModel';
import { Panel } from './Panel';
import { TableTwin } from './TableTwin';

const SCALES: ChartScales = {
  logX: true,
  logY: false,
  xLabel: 'context (tokens)',
  yLabel: 'nats per token',
  formatX: formatInteger,
};

/** Loss of val_long by how much context a target has. */
export function PositionPanel() {
  const store = useLabStore();
  const record = useLabThrottled((state) => viewedRun(state)?.series.validationsOf('long').at(-1));
  const tail = record?.byPosition.findLast(({ tokens }) => tokens > 0);
  return (
    <Panel
      title="Loss by position"
      explain="position"
      readout={
        <span>
          {tail && record ? (
            <>
              step {formatInteger(record.step)}, context {tail.from}–{tail.to - 1}: <b>{tail.loss.toFixed(4)}</b>{' '}
              <span className="muted">± {(1.96 * tail.standardError).toFixed(3)}</span>
            </>
          ) : (
            <span className="muted">no validation yet</span>
          )}
        </span>
      }
    >
      <LineChart
        model={() => positionModel(store.getState())}
        scales={SCALES}
        label="Loss by context length on a log axis; values are in the table below"
      />
      <TableTwin name="loss-by-position" testId="position-table" table={positionTable} />
    </Panel>
  );
}
