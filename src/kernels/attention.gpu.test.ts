import { describe, expect, it } from 'vitest';
import { requestGpu } from '../gpu/device';
import { attentionBackward, attentionForward } from '../reference/attention';
import { rotaryBackward } from '../reference/rotary';
import { attentionDelta, attentionFamilies, flashBackwardDkv, flashBackwardDq, flashForward } from './attention';
import { type AttentionCase, type AttentionCaseOptions, createAttentionCase, selectHeads } from './attentionCase';
import { expectClose, runDispatches, sumTolerance } from './parity';
import { createTensor } from './tensor';
import type { VariantSet } from './variants';

const gpu = await requestGpu(navigator.gpu);
const tensor = (name: string, ...shape: number[]) => createTensor(name, shape, 'working set');

/** Lengths on either side of a block and a workgroup, all head dimensions' paddings, and every ratio of query to key/value heads. */
const CASES: AttentionCaseOptions[] = [
  { batch: 2, length: 1, queryHeads: 1, keyValueHeads: 1, headDim: 8 },
  { batch: 1, length: 63, queryHeads: 2, keyValueHeads: 1, headDim: 32, documents: [1] },
  { batch: 2, length: 65, queryHeads: 4, keyValueHeads: 1, headDim: 48, documents: [1, 30, 2, 7] },
  { batch: 1, length: 100, queryHeads: 8, keyValueHeads: 1, headDim: 64, documents: [64, 3, 33] },
  { batch: 2, length: 37, queryHeads: 2, keyValueHeads: 2, headDim: 80 },
  { batch: 1, length: 21, queryHeads: 2, keyValueHeads: 1, headDim: 128, documents: [9, 12] },
  { batch: 1, length: 257, queryHeads: 4, keyValueHeads: 2, headDim: 32 },
];

/** One set per block size: the three kernels change together, so that each variant of each faces every case once. */
const VARIANT_SETS = attentionFamilies[0].variants.map((_, i) => ({
  name: attentionFamilies.map(({ variants }) => variants[i].name).join(' '),
  set: Object.fromEntries(attentionFamilies.map(({ operation, variants }) => [operation, variants[i].name])),
}));

/** Forward, delta and both backward kernels in one submit. */
async function forwardAndBackward({ shape, scale, tensors, inputs }: AttentionCase, variants: VariantSet) {
  const { batch, length, queryHeads, headDim } = shape;
  const tokens = batch * length;
  const o = tensor('o', tokens, queryHeads, headDim);
  const lse = tensor('lse', tokens, queryHeads);
  const lseDelta = tensor('lse_delta', tokens, queryHeads, 2);
  const dqkv = tensor('dqkv', ...tensors.qkv.shape);
  const backward = { ...tensors, lseDelta, dqkv, shape, scale };
  const dispatches = [
    flashForward({ ...tensors, o, lse, shape, scale }, variants),
    attentionDelta({ o, dO: tensors.dO, lse, lseDelta, shape }),
    flashBackwardDq(backward, variants),
    flashBackwardDkv(backward, variants),
  ];
  const results = await runDispatches(gpu, dispatches, inputs, [o, lse, dqkv]);
  return { o: results[0], lse: results[1], dqkv: results[2] };
}

/** The oracle keeps (B, N, T), the kernels (B·T, N). */
function lseByToken(lse: Float64Array, { B, T, N }: AttentionCase['problem']): Float64Array {
  return Float64Array.from({ length: B * T * N }, (_, i) => {
    const [token, n] = [Math.floor(i / N), i % N];
    return lse[(Math.floor(token / T) * N + n) * T + (token % T)];
  });
}

describe.each(VARIANT_SETS)('flash attention $name', ({ set }) => {
  it.each(CASES)('agrees with the oracle at B $batch T $length N $queryHeads K $keyValueHeads H $headDim', async (options) => {
    const test = createAttentionCase(options);
    const { problem, rotary } = test;
    const { B, T, N, K, H } = problem;
    const expected = attentionForward(problem);
    const { dq, dk, dv } = attentionBackward(problem, test.dO);
    const { o, lse, dqkv } = await forwardAndBackward(test, set);
    expectClose(o, expected.o, sumTolerance(T), 'o');
    expectClose(lse, lseByToken(expected.lse, problem), sumTolerance(T), 'lse');
    const written = (first: number, count: number) => selectHeads(dqkv, N + 2 * K, H, first, count);
    expectClose(written(0, N), rotaryBackward(dq, rotary.query, T, N, H), sumTolerance(T), 'dq');
    expectClose(written(N, K), rotaryBackward(dk, rotary.key, T, K, H), sumTolerance(T * N), 'dk');
    expectClose(written(N + K, K), dv, sumTolerance(T * N), 'dv');
    expect(B).toBe(options.batch);
  });
});
