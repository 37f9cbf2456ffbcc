import type { PositionBin, ValidationRecord } from '../../../core/records';
import type { LabState } from '../../../store/labStore';
import { viewedRun } from '../../../store/runsSlice';
import type { ChartModel, ChartSeries } from '../chartModel';
import type { TableData } from '../csv';
import { runColor } from './runStyle';

/** Loss by position of the viewed run now and at its first record, and of the baseline now; the base's length is marked. */
export function positionModel(state: LabState): ChartModel {
  const run = viewedRun(state);
  if (!run) return { series: [], marks: [] };
  const records = run.series.validationsOf('long');
  const first = records[0];
  const last = records.at(-1);
  const series: ChartSeries[] = [];
  if (first && last && first !== last)
    series.push({ ...curve(first, `step ${first.step}`), color: '--ink-muted', opacity: 0.9, width: 1.25, dash: [2, 3] });
  const baseline = state.baselineId !== state.viewedId && state.baselineId ? state.runs[state.baselineId] : undefined;
  const theirs = baseline?.series.validationsOf('long').at(-1);
  if (baseline && theirs)
    series.push({ ...curve(theirs, `${baseline.summary.name}, step ${theirs.step}`), color: runColor(baseline), dash: [6, 3] });
  if (last) series.push({ ...curve(last, `step ${last.step}`), color: runColor(run), width: 2, points: true });
  const baseLength = run.series.validationsOf('short').at(-1)?.length;
  return { series, marks: baseLength ? [{ x: baseLength, label: `base ${baseLength}` }] : [] };
}

/** Loss per context bin of the viewed run's last validation, with its 95 % interval and the first record beside it. */
export function positionTable(state: LabState): TableData {
  const records = viewedRun(state)?.series.validationsOf('long') ?? [];
  const last = records.at(-1);
  const first = records[0];
  return {
    columns: ['context_from', 'context_to', 'loss', 'low_95', 'high_95', 'tokens', 'first_loss'],
    rows: (last?.byPosition ?? []).map((bin, i) => [
      bin.from,
      bin.to - 1,
      bin.loss,
      bin.loss - 1.96 * bin.standardError,
      bin.loss + 1.96 * bin.standardError,
      bin.tokens,
      first.byPosition[i]?.loss ?? '',
    ]),
  };
}

/** Bins are drawn at the geometric mean of their ends; empty ones are left out. */
function curve(record: ValidationRecord, label: string): Pick<ChartSeries, 'label' | 'x' | 'y' | 'error'> {
  const bins = record.byPosition.filter(({ tokens }) => tokens > 0);
  return { label, x: bins.map(centre), y: bins.map(({ loss }) => loss), error: bins.map((bin) => 1.96 * bin.standardError) };
}

function centre({ from, to }: PositionBin): number {
  return Math.sqrt(Math.max(from, 1) * Math.max(to - 1, 1));
}
