import type { ProbeTaskName } from '../../core/records';
import { viewedRun } from '../../store/runsSlice';
import { formatInteger, formatPercent } from '../format';
import { useLab, useLabStore, useLabThrottled } from '../labContext';
import type { ChartScales } from './chartOptions';
import { LineChart } from './LineChart';
import { recordsOf, retrievalModel, retrievalTable, shownTask, tasksOf } from './models/retrievalModel';
import { Panel } from './Panel';
import { TableTwin } from './TableTwin';

const SCALES: ChartScales = {
  logX: true,
  logY: false,
  xLabel: 'tokens back, or in the text',
  yLabel: 'nats per token',
  formatX: formatInteger,
};

/** Loss on answers that the text tells, against how far back it does. */
export function RetrievalPanel() {
  const store = useLabStore();
  const record = useLabThrottled((state) => recordsOf(viewedRun(state), shownTask(state)).at(-1));
  const answers = record?.points.reduce((sum, point) => sum + point.answers, 0) ?? 0;
  const exact = record?.points.reduce((sum, point) => sum + point.exactMatch * point.answers, 0) ?? 0;
  return (
    <Panel
      title="Answer loss by distance"
      explain="retrieval"
      tools={<TaskSelect />}
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

export const TASK_LABELS: Record<ProbeTaskName, string> = {
  'keyed-facts': 'keyed facts',
  'first-sentence': 'first sentence',
  passkey: 'passkey',
};

/** Which task's answers; only where the run was asked more than one. */
function TaskSelect() {
  const tasks = useLabThrottled((state) => tasksOf(viewedRun(state)).join());
  const shown = useLabThrottled(shownTask);
  const select = useLab((state) => state.select);
  if (!tasks.includes(',')) return null;
  return (
    <select aria-label="Task" value={shown} onChange={(event) => select({ probeTask: event.target.value as ProbeTaskName })}>
      {(tasks.split(',') as ProbeTaskName[]).map((task) => (
        <option key={task} value={task}>
          {TASK_LABELS[task]}
        </option>
      ))}
    </select>
  );
}
