import type { RunPlan } from '../../core/records';
import type { TableData } from '../charts/csv';

/** What is held at one time: by the run as a whole, or by the steps of one stage alone. */
export interface MemoryColumn {
  label: string;
  bytes: Record<string, number>;
  totalBytes: number;
  /** Per optimizer step; the run as a whole has none. */
  dispatches?: number;
  submits?: number;
}

/** Purposes in the order in which they are read and coloured; any other follows. */
const PURPOSES = [
  'weights',
  'gradients',
  'optimizer',
  'kept activations',
  'working set',
  'loss chunk',
  'inputs',
  'tables',
  'staging',
  'uniforms',
];

const COLORS = 10;

export function memoryColumns({ stages, bytes, totalBytes }: RunPlan): MemoryColumn[] {
  const lengths = stages.map(({ sequenceLength }) => sequenceLength);
  const label = (stage: number) => {
    const length = `T ${lengths[stage].toLocaleString('en-US')}`;
    // A curriculum may come back to a length.
    return lengths.indexOf(lengths[stage]) === lengths.lastIndexOf(lengths[stage]) ? length : `${stage + 1}: ${length}`;
  };
  return [
    { label: 'whole run', bytes, totalBytes },
    ...stages.map((stage, i) => ({
      label: label(i),
      bytes: stage.bytes,
      totalBytes: stage.totalBytes,
      dispatches: stage.dispatchesPerStep,
      submits: stage.submitsPerStep,
    })),
  ];
}

/** Purposes that hold anything, each with its colour's custom property: the same whatever else is held. */
export function memoryPurposes({ bytes }: RunPlan): { purpose: string; color: string }[] {
  const known = [...PURPOSES, ...Object.keys(bytes).filter((purpose) => !PURPOSES.includes(purpose))];
  return known
    .map((purpose, i) => ({ purpose, color: `--source-${i % COLORS}` }))
    .filter(({ purpose }) => (bytes[purpose] ?? 0) > 0);
}

/** Bytes, not rounded, and what a step of each stage submits. */
export function memoryTable(plan: RunPlan): TableData {
  const columns = memoryColumns(plan);
  const row = (name: string, value: (column: MemoryColumn) => number | undefined) => [
    name,
    ...columns.map((column) => value(column) ?? ''),
  ];
  return {
    columns: ['bytes', ...columns.map(({ label }) => label)],
    rows: [
      ...memoryPurposes(plan).map(({ purpose }) => row(purpose, ({ bytes }) => bytes[purpose] ?? 0)),
      row('all buffers', ({ totalBytes }) => totalBytes),
      row('dispatches a step', ({ dispatches }) => dispatches),
      row('submits a step', ({ submits }) => submits),
    ],
  };
}
