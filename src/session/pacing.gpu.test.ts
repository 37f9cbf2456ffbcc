import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { parseRecipe } from '../core/recipe';
import type { RunRecord } from '../core/records';
import { loadTokenizer } from '../data/tokenizer';
import { requestGpu } from '../gpu/device';
import { PipelineCache } from '../gpu/pipelines';
import { defaultVariants } from '../kernels/families';
import { type Pace, UNPACED } from '../kernels/pace';
import { ActiveRun } from './activeRun';
import { countGpuCalls } from './bench/gpuCounters';
import { createBlueprint } from './blueprint';
import { Dataset } from './dataset';
import { resolveModel } from './resolveModel';
import { startFromWeights } from './runStart';
import { tinyRecipe } from './testing/tinyRecipe';

const gpu = await requestGpu(navigator.gpu);
const pipelines = new PipelineCache(gpu.device);
const counters = countGpuCalls(gpu.device);
const assets = { read: async (path: string) => new Uint8Array(await readFile(`public/${path}`)) };
const recipe = parseRecipe({ ...tinyRecipe, curriculum: { ...tinyRecipe.curriculum, micro_batch_tokens: 128 } });
const tokenizer = await loadTokenizer(assets, 'bytes');
const dataset = await Dataset.load(assets, tokenizer, []);

/** A pace that takes the adapter for so slow that everything must be cut. */
const slow = (maxDispatchMs: number, maxSubmitMs: number): Pace => ({
  maxDispatchMs,
  maxSubmitMs,
  estimateMs: ({ flops, bytes }) => Math.max(flops / 1e5, bytes / 1e4),
});

const runs: ActiveRun[] = [];
afterEach(() => {
  for (const run of runs.splice(0)) run.destroy();
});

async function openRun(pace: Pace): Promise<{ run: ActiveRun; records: RunRecord[] }> {
  const { config, weights } = resolveModel(recipe, tokenizer);
  const blueprint = createBlueprint({ recipe, config, variants: defaultVariants(gpu.facts, config), pace });
  const records: RunRecord[] = [];
  const start = startFromWeights(config, weights);
  const run = await ActiveRun.create({ gpu, pipelines, blueprint, dataset, start, emit: (record) => records.push(record) });
  runs.push(run);
  return { run, records };
}

/** Steps, with probes at both ends; then everything there is to know of the run, bit for bit. */
async function outcome({ run, records }: Awaited<ReturnType<typeof openRun>>, steps: number) {
  await run.probe();
  while (run.progress.step < steps) await run.step();
  await run.probe();
  const { weights, moment1, moment2, cursor } = await run.checkpoint();
  const bits = [weights, moment1, moment2].map((values) => new Uint32Array(values.buffer));
  const timeless = records.map((record) => ({ ...record, seconds: 0, stepMs: 0, tokensPerSecond: 0 }));
  return { bits, cursor, timeless };
}

describe('pacing', () => {
  it('cuts a run into many short submits without changing a bit of it, and creates nothing on the way', async () => {
    const whole = await openRun(UNPACED);
    const cut = await openRun(slow(5, 40));
    const [stage] = cut.run.blueprint.plan.stages;
    expect(stage.dispatchesPerStep).toBeGreaterThan(2 * whole.run.blueprint.plan.stages[0].dispatchesPerStep);
    expect(stage.submitsPerStep).toBeGreaterThan(10);
    expect(whole.run.blueprint.plan.stages[0].submitsPerStep).toBe(2);
    const expected = await outcome(whole, 6);
    const before = { ...counters };
    await cut.run.step();
    await cut.run.settle();
    expect(counters.submits - before.submits).toBe(stage.submitsPerStep);
    expect(counters.dispatches - before.dispatches).toBe(stage.dispatchesPerStep);
    expect(counters.buffersCreated).toBe(before.buffersCreated);
    const again = await openRun(slow(5, 40));
    expect(await outcome(again, 6)).toEqual(expected);
  });

  /** A run that has done one step, and its second one interrupted after so many submits. */
  async function interruptAfter(submits: number) {
    const subject = await openRun(slow(5, 40));
    await subject.run.probe();
    await subject.run.step();
    const before = await subject.run.checkpoint();
    const first = counters.submits;
    const abort = new AbortController();
    const step = subject.run.step(abort.signal);
    await expect.poll(() => counters.submits - first, { interval: 0 }).toBeGreaterThanOrEqual(submits);
    abort.abort();
    const atInterruption = counters.submits;
    const happened = await step;
    return { ...subject, before, happened, more: counters.submits - atInterruption };
  }

  it('ends a step within a submit of an interruption and takes it again as if nothing had been', async () => {
    const expected = await outcome(await openRun(UNPACED), 4);
    const { run, records, before, happened, more } = await interruptAfter(3);
    expect(happened).toBe(false);
    expect(more).toBeLessThanOrEqual(1);
    expect(run.progress.step).toBe(1);
    expect((await run.checkpoint()).cursor).toEqual(before.cursor);
    while (run.progress.step < 4) await run.step();
    await run.probe();
    const { weights } = await run.checkpoint();
    expect(new Uint32Array(weights.buffer)).toEqual(expected.bits[0]);
    expect(records.filter(({ type }) => type === 'step')).toHaveLength(4);
  });

  it('finishes a step whose optimizer has begun, so that weights are never a part of them new', async () => {
    const expected = await outcome(await openRun(UNPACED), 2);
    const probe = await openRun(slow(5, 40));
    const { optimizer, plan, stages } = probe.run.blueprint;
    expect(optimizer.submits.length).toBeGreaterThan(2);
    const { run, happened } = await interruptAfter(plan.stages[stages[0].stage.stage].submitsPerStep - 1);
    expect(happened).toBe(true);
    const { weights, moment1 } = await run.checkpoint();
    expect(run.progress.step).toBe(2);
    expect([weights, moment1].map((values) => new Uint32Array(values.buffer))).toEqual(expected.bits.slice(0, 2));
  });
});
