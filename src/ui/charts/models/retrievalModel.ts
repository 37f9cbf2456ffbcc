import type { ProbeTaskName, RetrievalRecord } from '../../../core/records';
import type { LabState } from '../../../store/labStore';
import { type RunEntry, viewedRun } from '../../../store/runsSlice';
import type { ChartModel, ChartSeries } from '../chartModel';
import type { TableData } from '../csv';
import { runColor } from './runStyle';

/** A run's records of one task; older records are of keyed facts. */
export function recordsOf(run: RunEntry | undefined, task: ProbeTaskName): RetrievalRecord[] {
  return run?.series.retrieval.filter((record) => (record.task ?? 'keyed-facts') === task) ?? [];
}

/** Tasks that a run was asked, in the order of its probes. */
export function tasksOf(run: RunEntry | undefined): ProbeTaskName[] {
  return [...new Set(run?.series.retrieval.map(({ task }) => task ?? 'keyed-facts'))];
}

/** The chosen task where the viewed run has it, else its first. */
export function shownTask(state: LabState): ProbeTaskName {
  const tasks = tasksOf(viewedRun(state));
  return tasks.includes(state.probeTask) ? state.probeTask : (tasks[0] ?? state.probeTask);
}

/** Answer loss against distance of the viewed run with its control and first record, and of the baseline. */
export function retrievalModel(state: LabState): ChartModel {
  const run = viewedRun(state);
  const records = recordsOf(run, shownTask(state));
  const last = records.at(-1);
  if (!run || !last) return { series: [], marks: [] };
  const first = records[0];
  const series: ChartSeries[] = [
    { ...curve(last, 'controlLoss'), label: 'control, not told', color: '--ink-muted', dash: [2, 3], points: true },
  ];
  if (first !== last)
    series.push({
      ...curve(first, 'answerLoss'),
      label: `answer, step ${first.step}`,
      color: runColor(run),
      opacity: 0.45,
      dash: [4, 3],
    });
  const baseline = state.baselineId !== state.viewedId && state.baselineId ? state.runs[state.baselineId] : undefined;
  const theirs = recordsOf(baseline, shownTask(state)).at(-1);
  if (baseline && theirs)
    series.push({
      ...curve(theirs, 'answerLoss'),
      label: `answer, ${baseline.summary.name}`,
      color: runColor(baseline),
      dash: [6, 3],
    });
  series.push({ ...curve(last, 'answerLoss'), label: `answer, step ${last.step}`, color: runColor(run), width: 2, points: true });
  return { series, marks: [] };
}

export function retrievalTable(state: LabState): TableData {
  const task = shownTask(state);
  const records = recordsOf(viewedRun(state), task);
  return {
    columns: ['step', 'task', 'distance', 'length', 'answer_loss', 'control_loss', 'exact_match', 'answers'],
    rows: records.flatMap((record) =>
      record.points.map((point) => [
        record.step,
        task,
        point.distance,
        record.length,
        point.answerLoss,
        point.controlLoss,
        point.exactMatch,
        point.answers,
      ]),
    ),
  };
}

function curve(record: RetrievalRecord, field: 'answerLoss' | 'controlLoss'): Pick<ChartSeries, 'x' | 'y'> {
  const points = [...record.points].sort((a, b) => a.distance - b.distance);
  return { x: points.map(({ distance }) => distance), y: points.map((point) => point[field]) };
}
