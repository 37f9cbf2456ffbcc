import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestGpu } from '../gpu/device';
import { PipelineCache } from '../gpu/pipelines';
import { shaderFaults } from '../gpu/shader';
import { flashForward } from '../kernels/attention';
import { defaultVariants, kernelFamilies } from '../kernels/families';
import { matmulNt } from '../kernels/matmul';
import { createTensor } from '../kernels/tensor';
import type { KernelFamily, VariantSet } from '../kernels/variants';
import { casesOf } from './cases';
import { runCases } from './checkCase';
import { plannedCalls, totalFlops } from './planCalls';
import { refusals } from './report';
import { type TuningRequest, tune } from './tune';

const gpu = await requestGpu(navigator.gpu);
const preferred = defaultVariants(gpu.facts, { headDim: 16 });
const traits = { headDim: 16, half: false };
const tensor = (name: string, ...shape: number[]) => createTensor(name, shape, 'working set');

/** Two products and one attention over rows of 64 tokens. */
function plan(variants: VariantSet) {
  const shape = { batch: 2, length: 64, queryHeads: 2, keyValueHeads: 1, headDim: 16 };
  const qkv = tensor('qkv', 128, 4, 16);
  const [o, softmax, docBounds] = [tensor('o', 128, 2, 16), tensor('softmax', 128, 2, 2), tensor('doc_bounds', 128, 2)];
  const product = (role: string) =>
    matmulNt({ role, a: tensor('a', 128, 32), b: tensor('b', 64, 32), c: tensor('c', 128, 64) }, variants);
  return [
    product('first'),
    product('first'),
    product('second'),
    flashForward({ q: qkv, kv: qkv, docBounds, o, softmax, shape, scale: 0.25 }, variants),
  ];
}

/** A family with only these of its variants. */
function only(operation: string, ...names: string[]): KernelFamily {
  const family = kernelFamilies.find((each) => each.operation === operation)!;
  return { ...family, variants: family.variants.filter(({ name }) => names.includes(name)) };
}

let request: TuningRequest;
let stored: Map<string, string>;

beforeEach(() => {
  stored = new Map();
  request = {
    gpu,
    // A fault must not meet a kernel that was compiled before it.
    pipelines: new PipelineCache(gpu.device),
    preferred,
    plan,
    traits,
    shapes: 'test',
    cache: { read: async (key) => stored.get(key), write: async (key, value) => void stored.set(key, value) },
    runtime: 'test',
    budgetMs: 60_000,
    measureRates: async () => ({ flopsPerSecond: {}, otherFlopsPerSecond: 1, bytesPerSecond: 1 }),
  };
});
afterEach(() => shaderFaults.clear());

describe.each(kernelFamilies)('the cases of $operation', ({ operation, variants }) => {
  it.each([
    { headDim: 16, half: false },
    { headDim: 64, half: gpu.facts.features.includes('shader-f16') },
  ])('are passed by every supported variant at head_dim $headDim, float16 $half', async (traits) => {
    const cases = casesOf(operation, traits);
    const pipelines = new PipelineCache(gpu.device);
    for (const { name } of variants.filter((variant) => variant.isSupported(gpu.facts))) {
      const set = { ...defaultVariants(gpu.facts, traits), [operation]: name };
      expect(await runCases(gpu, pipelines, cases, set), name).toMatchObject({ check: 'right' });
    }
  });
});

describe('tune', () => {
  it('checks and times real kernels, and remembers the outcome', async () => {
    const families = [
      only('flash_forward', preferred.flash_forward, 'rows-1'),
      only('matmul_tn', 'register-8x8', 'register-4x8'),
    ];
    const result = await tune({ ...request, families });
    expect(result.complete).toBe(true);
    const [attention, tn] = result.operations;
    expect(attention.candidates.map(({ check }) => check)).toEqual(['right', 'right']);
    for (const { ms, gflopsPerSecond } of attention.candidates) expect([ms! > 0, gflopsPerSecond! > 0]).toEqual([true, true]);
    expect(result.rates?.flopsPerSecond.flash_forward).toBeGreaterThan(0);
    expect(tn.why).toBe('not called by this plan');
    const repeated = await tune({ ...request, families, plan: () => [] });
    expect(repeated).toEqual(result);
  });

  it('refuses the one variant that a fault makes wrong, and names its worst element', async () => {
    const families = [only('flash_forward', 'rows-1', 'rows-2')];
    shaderFaults.set('flash_forward', (source) =>
      source.replace('= params.scale * ', '= select(1.0, 1.01, ROWS == 1u) * params.scale * '),
    );
    const result = await tune({ ...request, families, preferred: { ...preferred, flash_forward: 'rows-1' } });
    expect(result.variants.flash_forward).toBe('rows-2');
    expect(result.operations[0].why).toBe('the only one that is right');
    expect(refusals(result)).toEqual([
      expect.stringMatching(
        /^flash_forward rows-1 is not used here: wrong results, element \d+ in softmax of flash_forward 2x1x2\/1x16 is/,
      ),
    ]);
  });

  it('refuses a variant that does not compile', async () => {
    shaderFaults.set('flash_forward', (source) =>
      source.replace('const BLOCK', '//#if ROWS == 1\nno WGSL at all\n//#end\nconst BLOCK'),
    );
    const families = [only('flash_forward', 'rows-1', 'rows-2')];
    const result = await tune({ ...request, families, preferred: { ...preferred, flash_forward: 'rows-2' } });
    expect(result.variants.flash_forward).toBe('rows-2');
    expect(refusals(result)).toEqual([
      expect.stringMatching(
        /^flash_forward rows-1 is not used here: it does not run, compile flash_forward\(HEAD_DIM=16,.*ROWS=1,/,
      ),
    ]);
  });
});

describe('plannedCalls', () => {
  it('finds the calls that differ between variants, counts them, and puts most work first', () => {
    const calls = plannedCalls(plan, preferred, 'matmul_nt', ['register-8x8', 'register-4x8']);
    expect(calls.map(({ label, count }) => [label, count])).toEqual([
      ['matmul_nt.first[128x64x32]', 2],
      ['matmul_nt.second[128x64x32]', 1],
    ]);
    expect(totalFlops(calls)).toBe(3 * 2 * 128 * 64 * 32);
    expect(calls[0].byVariant.get('register-4x8')?.constants.TILE_ROWS).toBe(4);
    expect(plannedCalls(plan, preferred, 'matmul_nn', ['register-8x8', 'register-4x8'])).toEqual([]);
  });
});
