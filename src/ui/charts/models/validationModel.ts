import type { ValidationRecord } from '../../../core/records';
import type { LabState } from '../../../store/labStore';
import { progressOn, type RunSeries, type XAxis } from '../../../store/runSeries';
import type { RunEntry } from '../../../store/runsSlice';
import type { ChartModel, ChartSeries } from '../chartModel';
import type { TableData } from '../csv';
import { smooth } from '../smoothing';
import { drawnRuns, runColor } from './runStyle';

const SHORT_DASH = [5, 4];

/** val_short and val_long of every shown run, with the viewed run's training loss behind them. */
export function validationModel(state: LabState): ChartModel {
  const { xAxis } = state;
  const runs = drawnRuns(state);
  const viewed = runs.find((run) => run.viewed);
  const series: ChartSeries[] = viewed ? trainingSeries(viewed.entry.series, state) : [];
  for (const { entry, opacity, viewed } of runs) {
    const color = runColor(entry);
    for (const kind of ['short', 'long'] as const) {
      const records = entry.series.validationsOf(kind);
      const style = {
        color,
        opacity,
        width: viewed ? 2 : 1.5,
        dash: kind === 'short' ? SHORT_DASH : undefined,
        points: records.length < 40,
      };
      const label = runs.length > 1 ? `${entry.summary.name} val_${kind}` : `val_${kind}`;
      if (state.perSource && viewed) series.push(...sourceSeries(records, xAxis, kind));
      else if (records.length)
        series.push({ ...style, label, x: records.map((r) => progressOn(xAxis, r)), y: records.map((r) => r.loss) });
    }
  }
  const marks = (viewed?.entry.series.stages ?? []).slice(1).map(({ progress, sequenceLength }) => ({
    x: progressOn(xAxis, progress),
    label: `T ${sequenceLength}`,
  }));
  return { series, marks };
}

/** Raw training loss as a ghost, smoothed loss over it. Smoothing sees every step; only drawing is decimated. */
function trainingSeries(run: RunSeries, { xAxis, smoothingSteps }: LabState): ChartSeries[] {
  if (!run.loss.length) return [];
  const x = run.progress[xAxis].view();
  const y = run.loss.view();
  const raw: ChartSeries = { label: 'training, raw', color: '--train', width: 1, opacity: smoothingSteps ? 0.3 : 0.8, x, y };
  if (!smoothingSteps) return [raw];
  return [raw, { label: 'training', color: '--train', width: 1.25, opacity: 1, x, y: smooth(y, smoothingSteps) }];
}

function sourceSeries(records: readonly ValidationRecord[], axis: XAxis, kind: string): ChartSeries[] {
  const names = [...new Set(records.flatMap((record) => record.sources.map(({ source }) => source)))];
  return names.map((name, i) => {
    const points = records.flatMap((record) => {
      const found = record.sources.find(({ source }) => source === name);
      return found ? [{ x: progressOn(axis, record), y: found.loss }] : [];
    });
    return {
      label: `${name} val_${kind}`,
      color: `--source-${i % 9}`,
      width: 1.75,
      dash: kind === 'short' ? SHORT_DASH : undefined,
      points: points.length < 40,
      x: points.map((point) => point.x),
      y: points.map((point) => point.y),
    };
  });
}

/** The viewed run's training losses, then every validation of the shown runs with its losses per source; one row each. */
export function validationTable(state: LabState): TableData {
  const runs = drawnRuns(state);
  const sources = [
    ...new Set(runs.flatMap(({ entry }) => entry.series.validations.flatMap((r) => r.sources.map((s) => s.source)))),
  ];
  return {
    columns: ['run', 'step', 'kind', 'length', 'tokens', 'loss', 'bits_per_byte', ...sources.map((name) => `loss ${name}`)],
    rows: [
      ...runs.flatMap(({ entry, viewed }) => (viewed ? trainingRows(entry, sources.length) : [])),
      ...runs.flatMap(({ entry }) =>
        entry.series.validations.map((record) => [
          entry.summary.name,
          record.step,
          `val_${record.kind}`,
          record.length,
          record.tokens,
          record.loss,
          record.bitsPerByte,
          ...sources.map((name) => record.sources.find(({ source }) => source === name)?.loss ?? ''),
        ]),
      ),
    ],
  };
}

/** Training loss has no bits per byte and no split by source: those cells stay empty. */
function trainingRows({ summary, series: { loss, progress, sequenceLength } }: RunEntry, sources: number): TableData['rows'] {
  const empty = Array.from({ length: sources }, () => '');
  return Array.from(loss.view(), (value, i) => [
    summary.name,
    progress.steps.view()[i],
    'training',
    sequenceLength.view()[i],
    progress.tokens.view()[i],
    value,
    '',
    ...empty,
  ]);
}

/** The newest loss of one kind in the viewed run, and its difference from the baseline where that run was as far. */
export function latestValidation(state: LabState, kind: ValidationRecord['kind']) {
  const record = state.viewedId === undefined ? undefined : state.runs[state.viewedId].series.validationsOf(kind).at(-1);
  if (!record) return undefined;
  const baseline =
    state.baselineId === undefined || state.baselineId === state.viewedId ? undefined : state.runs[state.baselineId];
  const theirs = baseline?.series.validationsOf(kind).findLast(({ tokens }) => tokens <= record.tokens);
  return { loss: record.loss, length: record.length, step: record.step, difference: theirs && record.loss - theirs.loss };
}
