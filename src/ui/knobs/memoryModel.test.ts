import { describe, expect, it } from 'vitest';
import type { StagePlan } from '../../core/records';
import { fixtureSummary } from '../../store/testing/recordedFixture';
import { memoryColumns, memoryPurposes, memoryTable } from './memoryModel';

const stage = (sequenceLength: number, bytes: Record<string, number>): StagePlan => ({
  sequenceLength,
  steps: 10,
  tokens: 10 * 4096,
  rowsPerStep: 4096 / sequenceLength,
  microBatches: 1,
  flopsPerStep: 1e9,
  hardwareFlopsPerStep: 1.3e9,
  dispatchesPerStep: sequenceLength,
  submitsPerStep: 2,
  bytes,
  totalBytes: Object.values(bytes).reduce((sum, size) => sum + size, 0),
});

const plan = {
  ...fixtureSummary().plan,
  stages: [stage(256, { weights: 100, 'working set': 30 }), stage(1024, { weights: 100, 'working set': 50, uniforms: 1 })],
  bytes: { 'working set': 60, weights: 100, uniforms: 3, 'loss chunk': 0 },
  totalBytes: 163,
};

describe('the memory plan', () => {
  it('has a column for the run and one per stage, told apart where a length returns', () => {
    expect(memoryColumns(plan).map(({ label }) => label)).toEqual(['whole run', 'T 256', 'T 1,024']);
    const returning = { ...plan, stages: [...plan.stages, plan.stages[0]] };
    expect(memoryColumns(returning).map(({ label }) => label)).toEqual(['whole run', '1: T 256', 'T 1,024', '3: T 256']);
  });

  it('names what is held in one order, and keeps a purpose’s colour when others come and go', () => {
    expect(memoryPurposes(plan).map(({ purpose }) => purpose)).toEqual(['weights', 'working set', 'uniforms']);
    const colorIn = (bytes: Record<string, number>) =>
      memoryPurposes({ ...plan, bytes }).find(({ purpose }) => purpose === 'working set')?.color;
    expect(colorIn({ 'working set': 1 })).toBe(colorIn(plan.bytes));
    expect(new Set(memoryPurposes(plan).map(({ color }) => color)).size).toBe(3);
  });

  it('shows a purpose it does not know, so that the rows add up to the total', () => {
    const { columns, rows } = memoryTable({ ...plan, bytes: { ...plan.bytes, 'kv cache': 7 }, totalBytes: 170 });
    expect(columns).toEqual(['bytes', 'whole run', 'T 256', 'T 1,024']);
    const total = rows.find(([name]) => name === 'all buffers');
    const parts = rows.slice(0, rows.indexOf(total ?? [])).map(([, bytes]) => Number(bytes));
    expect(parts.reduce((sum, bytes) => sum + bytes, 0)).toBe(total?.[1]);
    expect(rows.find(([name]) => name === 'dispatches a step')).toEqual(['dispatches a step', '', 256, 1024]);
  });
});
