import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseRecipe, type RecipeInput } from '../../core/recipe';
import { planRecipe } from './planRecipe';

const assets = { read: async (path: string) => new Uint8Array(await readFile(`public/${path}`)) };
const shipped = JSON.parse(await readFile('public/recipes/27m-32k.json', 'utf8')) as RecipeInput;
const GIB = 2 ** 30;

describe('27M parameters at 32,768 tokens', async () => {
  const plan = await planRecipe(parseRecipe(shipped), assets);
  const long = plan.stages.find(({ sequenceLength }) => sequenceLength === 32_768)!;

  it('fits 3 GiB, and bindings as WebGPU promises them everywhere', () => {
    expect(plan.totalBytes).toBeLessThanOrEqual(3 * GIB);
    expect(plan.largestBindingBytes).toBeLessThanOrEqual(plan.defaultBindingBytes);
    expect(plan.largestBufferBytes).toBeLessThanOrEqual(2 * plan.defaultBindingBytes);
  });

  it('adds up by purpose, for the run and for every stage', () => {
    for (const { bytes, totalBytes } of [plan, ...plan.stages])
      expect(Object.values(bytes).reduce((sum, size) => sum + size, 0)).toBe(totalBytes);
    // Weights, gradients and the optimizer's two moments, four bytes each.
    for (const purpose of ['weights', 'gradients']) expect(long.bytes[purpose] / (4 * plan.parameters)).toBeCloseTo(1, 3);
    expect(long.bytes.optimizer / (8 * plan.parameters)).toBeCloseTo(1, 2);
  });

  it('keeps of a layer its input, the attention output and the log-sum-exp', () => {
    const perToken = long.bytes['kept activations'] / 32_768;
    // Eight layers of 512 + 512 values, and a few per head.
    expect(perToken).toBeGreaterThan(4 * 8 * 1024);
    expect(perToken).toBeLessThan(4 * 8 * (1024 + 4 * 8));
  });

  it('takes memory in proportion to the length, up to what does not depend on it', async () => {
    const at = async (length: number) => {
      const curriculum = {
        total_tokens: 10 * length,
        tokens_per_step: length,
        micro_batch_tokens: length,
        stages: [{ sequence_length: length, share: 1 }],
      };
      return (await planRecipe(parseRecipe({ ...shipped, curriculum }), assets)).totalBytes;
    };
    const [short, middle, longest] = [await at(8192), await at(16_384), await at(32_768)];
    expect((longest - middle) / (middle - short)).toBeLessThan(2.1);
  });

  it('takes at most 300 dispatches and 3 submits at 4,096 tokens', async () => {
    const curriculum = { total_tokens: 40_960, tokens_per_step: 4096, stages: [{ sequence_length: 4096, share: 1 }] };
    const { stages } = await planRecipe(parseRecipe({ ...shipped, curriculum }), assets);
    expect(stages[0].dispatchesPerStep).toBeLessThanOrEqual(300);
    expect(stages[0].submitsPerStep).toBeLessThanOrEqual(3);
  });
});
