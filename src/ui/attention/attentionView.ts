import type { AttentionRecord } from '../../core/records';
import type { LabState } from '../../store/labStore';
import { type RunEntry, viewedRun } from '../../store/runsSlice';
import type { TableData } from '../charts/csv';

/** What the attention panel shows: one record of the viewed run, and the one its changes are counted from. */
export interface AttentionView {
  run: RunEntry;
  record: AttentionRecord;
  first: AttentionRecord;
  index: number;
  count: number;
}

export function attentionView(state: LabState): AttentionView | undefined {
  const run = viewedRun(state);
  const records = run?.series.attention ?? [];
  if (!run || !records.length) return undefined;
  const index = Math.min(state.attention.record ?? records.length - 1, records.length - 1);
  return { run, record: records[index], first: records[0], index, count: records.length };
}

/** Name of a head in labels and tables: layer and head, both from 0. */
export function headName(layer: number, head: number): string {
  return `L${layer}.H${head}`;
}

/** First and last distance of a log2 bin: 0, 1, 2-3, 4-7, … */
export function binLabel(bin: number): string {
  if (bin < 2) return String(bin);
  return `${2 ** (bin - 1)}–${2 ** bin - 1}`;
}

/** Short form for axes: where the bin begins, 512, 1k, 2k. */
export function binStart(bin: number): string {
  const start = bin < 2 ? bin : 2 ** (bin - 1);
  return start >= 1024 ? `${start / 1024}k` : String(start);
}

/** Change of the mass per bin since the first record; same shape as the histogram. Empty where the shapes differ. */
export function histogramChange(record: AttentionRecord, first: AttentionRecord): Float64Array {
  if (first.histogram.length !== record.histogram.length) return new Float64Array(record.histogram.length);
  return Float64Array.from(record.histogram, (mass, i) => mass - first.histogram[i]);
}

/** Every value behind the picture, one row per head and a last one for a uniform head. */
export function attentionTable(state: LabState): TableData {
  const view = attentionView(state);
  if (!view) return { columns: ['head'], rows: [] };
  const { record, first } = view;
  const bins = Array.from({ length: record.bins }, (_, bin) => bin);
  const change = histogramChange(record, first);
  const rows = Array.from({ length: record.layers * record.heads }, (_, row) => [
    headName(Math.floor(row / record.heads), row % record.heads),
    record.step,
    record.meanDistance[row],
    record.meanDistanceWithoutFirst[row],
    record.entropy[row],
    record.firstTokenMass[row],
    record.retainedMass[row],
    ...bins.map((bin) => record.histogram[row * record.bins + bin]),
    ...bins.map((bin) => change[row * record.bins + bin]),
  ]);
  const { uniform } = record;
  const reference = [
    'uniform',
    record.step,
    uniform.meanDistance,
    uniform.meanDistanceWithoutFirst,
    uniform.entropy,
    uniform.firstTokenMass,
    1 - uniform.firstTokenMass,
    ...uniform.histogram,
    ...bins.map(() => 0),
  ];
  return {
    columns: [
      'head',
      'step',
      'mean_distance',
      'mean_distance_without_first',
      'entropy',
      'first_token_mass',
      'retained_mass',
      ...bins.map((bin) => `mass ${binLabel(bin)}`),
      ...bins.map((bin) => `change ${binLabel(bin)}`),
    ],
    rows: [...rows, reference],
  };
}
