import { viewedRun } from '../../store/runsSlice';
import { formatInteger, formatPercent } from '../format';
import { useLabStore, useLabThrottled } from '../labContext';
import type { ChartScales } from './chartOptions';
import { LineChart } from './LineChart';
import { retrievalModel, retrievalTable } from './models/retrievalModel';
import { Panel } from './Panel';
import { TableTwin } from './TableTwin';

const SCALES: ChartScales = {
  logX: true,
  logY: false,
  xLabel: 'distance (tokens)',
  yLabel: 'nats per token',
  formatX: formatInteger,
};

/** Loss on the answer to a keyed fact, against how far back the fact stands. */
export function RetrievalPanel() {
  const store = useLabStore();
  const record = useLabThrottled((state) => viewedRun(state)?.series.retrieval.at(-1));
  const answers = record?.points.reduce((sum, point) => sum + point.answers, 0) ?? 0;
  const exact = record?.points.reduce((sum, point) => sum + point.exactMatch * point.answers, 0) ?? 0;
  return (
    <Panel
      title="Answer loss by distance"
      explain="retrieval"
      readout={
        record ? (
          <span>
            step {formatInteger(record.step)}, exact match <b>{formatPercent(answers ? exact / answers : 0)}</b>{' '}
            <span className="muted">of {formatInteger(answers)} answers</span>
          </span>
        ) : (
          <span className="muted">no retrieval probe yet</span>
        )
      }
    >
      <LineChart
        model={() => retrievalModel(store.getState())}
        scales={SCALES}
        label="Answer loss against distance on a log axis; values are in the table below"
      />
      <TableTwin name="answer-loss" testId="retrieval-table" table={retrievalTable} />
    </Panel>
  );
}
