import { describe, expect, it } from 'vitest';
import { requestGpu } from '../gpu/device';
import { loadShader } from '../gpu/shader';
import { attentionBackward, attentionForward } from '../reference/attention';
import { rotaryBackward } from '../reference/rotary';
import { attentionDelta, flashBackwardDkv, flashBackwardDq, flashForward } from './attention';
import { attentionFamilies, attentionVariants, flashConstants, LARGEST_TILE } from './attentionVariants';
import { expectClose, sumTolerance } from './parity';
import { createTensor } from './tensor';
import { type AttentionCase, type AttentionCaseOptions, createAttentionCase, selectHeads } from './testing/attentionCase';
import { floats } from './testing/operands';
import { runWholeAndCut } from './testing/splitting';
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

/** Sets that change all three kernels together, so that each variant that runs here faces every case. */
const supported = attentionFamilies.map(({ operation, variants }) => ({
  operation,
  names: variants.filter((variant) => variant.isSupported(gpu.facts)).map(({ name }) => name),
}));
const VARIANT_SETS = Array.from({ length: Math.max(...supported.map(({ names }) => names.length)) }, (_, i) => {
  const set = Object.fromEntries(supported.map(({ operation, names }) => [operation, names.at(i) ?? names[0]]));
  return { name: Object.values(set).join(' '), set };
});

/** Forward, delta and both backward kernels in one submit: whole, and cut every way. */
async function forwardAndBackward({ shape, scale, tensors, inputs }: AttentionCase, variants: VariantSet) {
  const { batch, length, queryHeads, headDim } = shape;
  const tokens = batch * length;
  const o = tensor('o', tokens, queryHeads, headDim);
  const softmax = tensor('softmax', tokens, queryHeads, 2);
  const dqkv = tensor('dqkv', ...tensors.qkv.shape);
  const backward = { ...tensors, softmax, dqkv, shape, scale };
  const dispatches = [
    flashForward({ ...tensors, q: tensors.qkv, kv: tensors.qkv, o, softmax, shape, scale }, variants),
    attentionDelta({ o, dO: tensors.dO, softmax, shape }),
    flashBackwardDq(backward, variants),
    flashBackwardDkv(backward, variants),
  ];
  const { results, most } = await runWholeAndCut(gpu, dispatches, inputs, [o, softmax, dqkv]);
  return { o: results[0], lse: results[1].filter((_, i) => i % 2 === 0), dqkv: results[2], most };
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
    const { T, N, K, H } = problem;
    const expected = attentionForward(problem);
    const { dq, dk, dv } = attentionBackward(problem, test.dO);
    const { o, lse, dqkv } = await forwardAndBackward(test, set);
    expectClose(o, expected.o, sumTolerance(T), 'o');
    expectClose(lse, lseByToken(expected.lse, problem), sumTolerance(T), 'lse');
    const written = (first: number, count: number) => selectHeads(dqkv, N + 2 * K, H, first, count);
    expectClose(written(0, N), rotaryBackward(dq, rotary.query, T, N, H), sumTolerance(T), 'dq');
    expectClose(written(N, K), rotaryBackward(dk, rotary.key, T, K, H), sumTolerance(T * N), 'dk');
    expectClose(written(N + K, K), dv, sumTolerance(T * N), 'dv');
  });
});

describe('flash attention', () => {
  const variants = attentionVariants(gpu.facts, 32);
  const grouped = createAttentionCase({
    batch: 2,
    length: 65,
    queryHeads: 4,
    keyValueHeads: 2,
    headDim: 32,
    documents: [40, 25],
  });

  it('takes a range of queries over a longer cache of keys and values', async () => {
    const { shape, scale, tensors, inputs, problem } = grouped;
    const { batch, length, queryHeads, keyValueHeads, headDim } = shape;
    const [firstQuery, queryCount] = [47, 3];
    const stacked = inputs[0][1];
    const heads = queryHeads + 2 * keyValueHeads;
    const range = Array.from(
      { length: batch * queryCount },
      (_, i) => Math.floor(i / queryCount) * length + firstQuery + (i % queryCount),
    );
    const token = (index: number, first: number, count: number) =>
      Array.from(stacked.subarray((index * heads + first) * headDim, (index * heads + first + count) * headDim));
    const q = floats(
      'q',
      [range.length, queryHeads, headDim],
      range.flatMap((index) => token(index, 0, queryHeads)),
    );
    const kv = floats(
      'kv',
      [batch * length, 2 * keyValueHeads, headDim],
      Array.from({ length: batch * length }, (_, index) => token(index, queryHeads, 2 * keyValueHeads)).flat(),
    );
    const o = tensor('o', range.length, queryHeads, headDim);
    const softmax = tensor('softmax', range.length, queryHeads, 2);
    const { docBounds } = tensors;
    const call = flashForward(
      { q: q.tensor, kv: kv.tensor, docBounds, o, softmax, shape, scale, firstQuery, queryCount },
      variants,
    );
    const uploads = [[q.tensor, q.values], [kv.tensor, kv.values], inputs.find(([input]) => input === docBounds)!] as const;
    const { results } = await runWholeAndCut(gpu, [call], uploads, [o, softmax]);
    const expected = attentionForward(problem);
    const inRange = (width: number) => (_: number, i: number) => range.includes(Math.floor(i / width));
    expectClose(results[0], expected.o.filter(inRange(queryHeads * headDim)), sumTolerance(65), 'o');
    const lse = results[1].filter((_, i) => i % 2 === 0);
    expectClose(lse, lseByToken(expected.lse, problem).filter(inRange(queryHeads)), sumTolerance(65), 'lse');
  });

  it('is cut along heads, tiles and the walked axis', async () => {
    const long = createAttentionCase({
      batch: 1,
      length: 300,
      queryHeads: 2,
      keyValueHeads: 1,
      headDim: 8,
      documents: [170, 130],
    });
    const { most } = await forwardAndBackward(long, {
      flash_forward: 'rows-1',
      flash_backward_dq: 'rows-1',
      flash_backward_dkv: 'keys-1',
    });
    // Five tiles of 64 rows a head, each with up to five ranges of 64 positions.
    expect(most).toBeGreaterThan(2 * 15 + 2 * 15 + 15);
  });

  it('repeats itself bit for bit', async () => {
    const first = await forwardAndBackward(grouped, variants);
    const second = await forwardAndBackward(grouped, variants);
    expect(second).toEqual(first);
  });

  it('keeps rows of the batch and documents apart', async () => {
    const { tensors, inputs } = grouped;
    const base = await forwardAndBackward(grouped, variants);
    // Token 0 is in the first document of the first row, which ends at 40 in row 0 and at 25 in row 1.
    const changed = inputs.map(([input, values]) => {
      if (input !== tensors.qkv) return [input, values] as const;
      const copy = values.slice();
      copy.fill(3, 0, tensors.qkv.shape[1] * tensors.qkv.shape[2]);
      return [input, copy] as const;
    });
    const after = await forwardAndBackward({ ...grouped, inputs: changed }, variants);
    const width = 4 * 32;
    expect(after.o.slice(0, 40 * width)).not.toEqual(base.o.slice(0, 40 * width));
    expect(after.o.slice(40 * width)).toEqual(base.o.slice(40 * width));
    expect(after.dqkv.slice(40 * 8 * 32)).toEqual(base.dqkv.slice(40 * 8 * 32));
  });

  it('has variants for other adapters that are valid here, and whose tiles fit the memory they name', async () => {
    for (const family of attentionFamilies)
      for (const { name, tileBytes, constants } of family.variants) {
        const { TILE, ...rest } = flashConstants(family, { [family.operation]: name }, 80);
        const types = { q_t: 'f32', kv_t: 'f32', o_t: 'f32', qkv_t: 'f32', HALF: false };
        const code = loadShader(family.operation, { ...types, HEAD_DIM: 80, TILE, ...rest });
        const { messages } = await gpu.device.createShaderModule({ code }).getCompilationInfo();
        expect(messages, `${family.operation} ${name}`).toEqual([]);
        if (!constants.STAGED) continue;
        // 80 channels are 10 pairs of vec4s, of which a quad's threads have three each, filled up.
        const bytes = Number(TILE) * 2 * 4 * (constants.LANES === 1 ? 80 : 96);
        expect(bytes).toBeLessThanOrEqual(tileBytes);
        expect(bytes).toBeGreaterThan(tileBytes / (TILE === LARGEST_TILE ? 4 : 2.1));
      }
  });

  it('states FLOPs of the causal pairs', () => {
    const { shape, scale, tensors } = createAttentionCase({ batch: 2, length: 3, queryHeads: 2, keyValueHeads: 1, headDim: 8 });
    const [o, softmax, kv] = [tensor('o', 2, 2, 8), tensor('softmax', 2, 2, 2), tensor('kv', 6, 2, 8)];
    const range = { firstQuery: 2, queryCount: 1 };
    const last = flashForward({ ...tensors, q: tensor('q', 2, 2, 8), kv, o, softmax, shape, scale, ...range }, variants);
    // Two rows, two heads, one query that sees three keys, four FLOPs per pair and channel.
    expect(last.flops).toBe(2 * 2 * 3 * 4 * 8);
  });

  it('refuses head dimensions, ratios and ranges that the kernels cannot take', () => {
    const { shape, scale, tensors } = grouped;
    const [q, kv] = [tensors.qkv, tensors.qkv];
    const operands = { ...tensors, q, kv, o: tensor('o', 130, 4, 32), softmax: tensor('softmax', 130, 4, 2), scale };
    const forward =
      (change: object, range = {}) =>
      () =>
        flashForward({ ...operands, ...range, shape: { ...shape, ...change } }, variants);
    expect(forward({ headDim: 136 })).toThrow(/padded head_dim that is a multiple of 8 and at most 128, got 136/);
    expect(forward({ headDim: 20 })).toThrow(/got 20; change num_attention_heads or hidden_size/);
    expect(forward({ keyValueHeads: 3 })).toThrow(/multiple of num_key_value_heads \(3\), got 4/);
    expect(forward({ length: 64 })).toThrow(/docBounds of shape \[128,2\], got \[130,2\]/);
    expect(forward({}, { firstQuery: 1 })).toThrow(/within a row of 65, got \[1, 66\)/);
  });

  it('gives software adapters the largest blocks and GPUs what their registers hold', () => {
    const hardware = { ...gpu.facts, isSoftware: false };
    expect(attentionVariants({ ...hardware, isSoftware: true, features: [] }, 128)).toEqual({
      flash_forward: 'rows-4',
      flash_backward_dq: 'rows-4',
      flash_backward_dkv: 'keys-2',
    });
    const limits = { ...hardware.limits, maxComputeWorkgroupStorageSize: 65_536 };
    const forward = (features: string[]) =>
      [32, 64, 128].map((headDim) => attentionVariants({ ...hardware, features, limits }, headDim).flash_forward);
    expect(forward(['subgroups'])).toEqual(['quads-64-16k', 'quads-64-16k', 'quads-128-32k']);
    expect(forward([])).toEqual(['tiled-64-16k', 'tiled-64-16k', 'tiled-64-16k']);
    expect(attentionVariants({ ...hardware, limits }, 128).flash_backward_dkv).toBe('quads-64-32k');
  });
});
