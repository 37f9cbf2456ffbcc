import type { RetrievalRecord } from '../../../core/records';
import type { LabState } from '../../../store/labStore';
import { viewedRun } from '../../../store/runsSlice';
import type { ChartModel, ChartSeries } from '../chartModel';
import type { TableData } from '../csv';
import { runColor } from './runStyle';

/** Answer loss against distance of the viewed run with its control and first record, and of the baseline. */
export function retrievalModel(state: LabState): ChartModel {
  const run = viewedRun(state);
  const last = run?.series.retrieval.at(-1);
  if (!run || !last) return { series: [], marks: [] };
  const first = run.series.retrieval[0];
  const series: ChartSeries[] = [
    { ...curve(last, 'controlLoss'), label: 'control, fact taken out', color: '--ink-muted', dash: [2, 3], points: true },
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
  const theirs = baseline?.series.retrieval.at(-1);
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
  const records = viewedRun(state)?.series.retrieval ?? [];
  return {
    columns: ['step', 'distance', 'length', 'answer_loss', 'control_loss', 'exact_match', 'answers'],
    rows: records.flatMap((record) =>
      record.points.map((point) => [
        record.step,
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
