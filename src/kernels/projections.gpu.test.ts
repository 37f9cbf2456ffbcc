import { describe, expect, it } from 'vitest';
import { rotaryTables } from '../core/positionEncoding';
import { requestGpu } from '../gpu/device';
import { matmulNN, matmulNT } from '../reference/matmul';
import { rotaryForward } from '../reference/rotary';
import { swigluBackward as swigluBackwardOracle, swigluForward as swigluForwardOracle } from '../reference/swiglu';
import type { AttentionShape } from './attentionShape';
import { matmulFamilies, matmulNtFamily } from './matmulVariants';
import { expectClose, sumTolerance } from './parity';
import { qkvRotary, swigluBackward, swigluForward } from './projections';
import { emptyTensor, type FloatOperand, floats, normals, runTwice } from './testing/operands';

const gpu = await requestGpu(navigator.gpu);

/** The same tile for every product. */
const everywhere = (name: string) => Object.fromEntries(matmulFamilies.map(({ operation }) => [operation, name]));

/** Query and key tables that differ, so that a kernel that takes the wrong one is found; (cos, sin) interleaved as the kernel reads. */
function tables(headDim: number, length: number) {
  const query = rotaryTables({ rope_type: 'default', rope_theta: 100 }, headDim, length, 0).query;
  const key = rotaryTables({ rope_type: 'default', rope_theta: 10_000 }, headDim, length, 0).key;
  const interleaved = [query, key].map(({ cos, sin }) => Array.from(cos).flatMap((value, i) => [value, sin[i]]));
  const shape = [length, headDim / 2, 2];
  return { query, key, rotaryQ: floats('rotary_q', shape, interleaved[0]), rotaryK: floats('rotary_k', shape, interleaved[1]) };
}

/** Whole rows through the oracle: (batch·length, N+2K, H). */
function qkvOracle(x: FloatOperand, weight: FloatOperand, shape: AttentionShape): Float64Array {
  const { batch, length, queryHeads, keyValueHeads, headDim } = shape;
  const [m, d] = [batch * length, x.tensor.shape[1]];
  const { query, key } = tables(headDim, length);
  let row = 0;
  const project = (heads: number) => {
    const width = heads * headDim;
    const rows = weight.doubles.subarray(row * d, (row + width) * d);
    row += width;
    return matmulNT(x.doubles, rows, m, width, d);
  };
  const parts = [
    { heads: queryHeads, values: rotaryForward(project(queryHeads), query, length, queryHeads, headDim) },
    { heads: keyValueHeads, values: rotaryForward(project(keyValueHeads), key, length, keyValueHeads, headDim) },
    { heads: keyValueHeads, values: project(keyValueHeads) },
  ];
  const stacked = new Float64Array(m * row);
  for (let token = 0; token < m; token++) {
    let at = token * row;
    for (const { heads, values } of parts) {
      const width = heads * headDim;
      stacked.set(values.subarray(token * width, (token + 1) * width), at);
      at += width;
    }
  }
  return stacked;
}

/** Every head dimension with another ratio of query to key/value heads, and token counts either side of the tiles. */
const HEADS = [
  { headDim: 8, queryHeads: 8, keyValueHeads: 1, batch: 1, length: 1, d: 4 },
  { headDim: 32, queryHeads: 4, keyValueHeads: 1, batch: 3, length: 21, d: 20 },
  { headDim: 48, queryHeads: 4, keyValueHeads: 2, batch: 1, length: 65, d: 20 },
  { headDim: 64, queryHeads: 2, keyValueHeads: 2, batch: 2, length: 50, d: 64 },
  { headDim: 80, queryHeads: 3, keyValueHeads: 1, batch: 1, length: 257, d: 20 },
  { headDim: 128, queryHeads: 2, keyValueHeads: 1, batch: 1, length: 63, d: 172 },
];

describe.each(matmulNtFamily.variants.filter((variant) => variant.isSupported(gpu.facts)))('qkv_rotary $name', ({ name }) => {
  const variants = everywhere(name);
  it.each(HEADS)(
    'agrees with the oracle: $queryHeads/$keyValueHeads heads of $headDim, $batch x $length, width $d',
    async ({ d, ...shape }) => {
      const heads = shape.queryHeads + 2 * shape.keyValueHeads;
      const x = normals('x', [shape.batch * shape.length, d]);
      const weight = normals('weight', [heads * shape.headDim, d]);
      const { rotaryQ, rotaryK } = tables(shape.headDim, shape.length);
      const qkv = emptyTensor('qkv', shape.batch * shape.length, heads, shape.headDim);
      const operands = { x: x.tensor, weight: weight.tensor, rotaryQ: rotaryQ.tensor, rotaryK: rotaryK.tensor, qkv, shape };
      const [result] = await runTwice(gpu, [qkvRotary(operands, variants)], [x, weight, rotaryQ, rotaryK], [qkv]);
      expectClose(result, qkvOracle(x, weight, shape), sumTolerance(d), 'qkv_rotary');
    },
  );

  it.each([
    { first: 0, count: 1 },
    { first: 7, count: 1 },
    { first: 2, count: 5 },
  ])('decoding: writes positions $first + $count of every row and nothing else', async ({ first, count }) => {
    const shape = { batch: 3, length: 8, queryHeads: 4, keyValueHeads: 2, headDim: 16 };
    const [d, heads] = [20, 8];
    const whole = normals('x', [shape.batch * shape.length, d]);
    const weight = normals('weight', [heads * shape.headDim, d]);
    const cache = normals('cache', [shape.batch * shape.length, heads, shape.headDim]);
    const { rotaryQ, rotaryK } = tables(shape.headDim, shape.length);
    const isNew = (token: number) => token % shape.length >= first && token % shape.length < first + count;
    const x = floats(
      'x',
      [shape.batch * count, d],
      whole.values.filter((_, i) => isNew(Math.floor(i / d))),
    );
    const operands = {
      x: x.tensor,
      weight: weight.tensor,
      rotaryQ: rotaryQ.tensor,
      rotaryK: rotaryK.tensor,
      qkv: cache.tensor,
      shape,
    };
    const dispatch = qkvRotary({ ...operands, first, count }, variants);
    const [result] = await runTwice(gpu, [dispatch], [x, weight, rotaryQ, rotaryK, cache], [cache.tensor]);
    const computed = qkvOracle(whole, weight, shape);
    const width = heads * shape.headDim;
    const expected = cache.doubles.map((old, i) => (isNew(Math.floor(i / width)) ? computed[i] : old));
    expectClose(result, expected, sumTolerance(d), 'qkv_rotary in decoding');
    result.forEach((value, i) => {
      if (!isNew(Math.floor(i / width))) expect(value).toBe(cache.values[i]);
    });
  });
});

const MLPS = [
  { m: 1, f: 4, d: 4 },
  { m: 63, f: 172, d: 64 },
  { m: 65, f: 20, d: 172 },
  { m: 100, f: 64, d: 20 },
  { m: 257, f: 172, d: 20 },
];

describe.each(matmulNtFamily.variants.filter((variant) => variant.isSupported(gpu.facts)))('swiglu $name', ({ name, oneRow }) => {
  const variants = everywhere(name);
  it.each(MLPS)('forward agrees with the oracle at $m x $f x $d', async ({ m, f, d }) => {
    const x = normals('x', [m, d]);
    const weight = normals('weight', [2 * f, d]);
    const y = emptyTensor('y', m, f);
    const [result] = await runTwice(gpu, [swigluForward({ x: x.tensor, weight: weight.tensor, y }, variants)], [x, weight], [y]);
    const gate = matmulNT(x.doubles, weight.doubles.subarray(0, f * d), m, f, d);
    const up = matmulNT(x.doubles, weight.doubles.subarray(f * d), m, f, d);
    // A product of two sums of d terms: the error of one is scaled by the size of the other, √d here.
    const tolerance = sumTolerance(d);
    expectClose(result, swigluForwardOracle(gate, up), { ...tolerance, absolute: tolerance.absolute * d }, 'swiglu_forward');
  });

  it.each(oneRow ? [] : MLPS)('backward agrees with the oracle at $m x $f x $d', async ({ m, f, d }) => {
    const dout = normals('dout', [m, d]);
    const downWeight = normals('down', [d, f]);
    const gateUp = normals('gate_up', [m, 2 * f], 3);
    const y = emptyTensor('y', m, f);
    const dispatch = swigluBackward({ dout: dout.tensor, downWeight: downWeight.tensor, gateUp: gateUp.tensor, y }, variants);
    const [gradients, product] = await runTwice(gpu, [dispatch], [dout, downWeight, gateUp], [gateUp.tensor, y]);
    const half = (values: Float32Array | Float64Array, second: 0 | 1) =>
      Float64Array.from({ length: m * f }, (_, i) => values[Math.floor(i / f) * 2 * f + second * f + (i % f)]);
    const [gate, up] = [half(gateUp.doubles, 0), half(gateUp.doubles, 1)];
    const expected = swigluBackwardOracle(gate, up, matmulNN(dout.doubles, downWeight.doubles, m, f, d));
    expectClose(product, swigluForwardOracle(gate, up), sumTolerance(1), 'y');
    const tolerance = sumTolerance(d);
    const scaled = { ...tolerance, absolute: tolerance.absolute * 10 };
    expectClose(half(gradients, 0), expected.dgate, scaled, 'dgate');
    expectClose(half(gradients, 1), expected.dup, scaled, 'dup');
  });

  it('stays finite and right where the sigmoid saturates', async () => {
    const x = floats('x', [4, 4], [80, 0, 0, 0, -80, 0, 0, 0, 200, 0, 0, 0, -200, 0, 0, 0]);
    const weight = floats('weight', [8, 4], [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, ...Array(16).fill(0.01)]);
    const y = emptyTensor('y', 4, 4);
    const [result] = await runTwice(gpu, [swigluForward({ x: x.tensor, weight: weight.tensor, y }, variants)], [x, weight], [y]);
    const gate = matmulNT(x.doubles, weight.doubles.subarray(0, 16), 4, 4, 4);
    const up = matmulNT(x.doubles, weight.doubles.subarray(16), 4, 4, 4);
    expectClose(result, swigluForwardOracle(gate, up), sumTolerance(4), 'swiglu_forward');
  });
});

it('refuses a head_dim that is not padded and tables that are too short', () => {
  const shape = { batch: 1, length: 4, queryHeads: 1, keyValueHeads: 1, headDim: 8 };
  const operands = {
    x: emptyTensor('x', 4, 4),
    weight: emptyTensor('weight', 24, 4),
    rotaryQ: emptyTensor('rotary_q', 4, 4, 2),
    rotaryK: emptyTensor('rotary_k', 3, 4, 2),
    qkv: emptyTensor('qkv', 4, 3, 8),
    shape,
  };
  const variants = everywhere('register-8x8');
  expect(() => qkvRotary(operands, variants)).toThrow(/rotaryK of shape \[≥ 4, 4, 2\], got \[3,4,2\]/);
  expect(() => qkvRotary({ ...operands, shape: { ...shape, headDim: 6 } }, variants)).toThrow(/multiple of 8, got 6/);
});
