import { describe, expect, it } from 'vitest';
import { requestGpu } from '../gpu/device';
import { matmulNN, matmulNT, matmulTN } from '../reference/matmul';
import { matmulNn, matmulNt, matmulTn } from './matmul';
import { matmulFamilies, matmulNtFamily } from './matmulVariants';
import { expectClose, normalValues, sumTolerance } from './parity';
import { createTensor } from './tensor';
import { runWholeAndCut } from './testing/splitting';

const gpu = await requestGpu(navigator.gpu);
const tensor = (name: string, ...shape: number[]) => createTensor(name, shape, 'working set');
const doubles = (values: Float32Array) => Float64Array.from(values);

/** Either side of the 8-row tile, of 64- and 128-row workgroups, of 8 and 64 columns and of 16 values of k; 172 is a real feed-forward width. */
const SIZES = [
  { m: 1, n: 4, k: 4 },
  { m: 7, n: 12, k: 172 },
  { m: 63, n: 172, k: 64 },
  { m: 65, n: 68, k: 100 },
  { m: 100, n: 8, k: 20 },
  { m: 257, n: 64, k: 36 },
  { m: 130, n: 132, k: 272 },
];

describe.each(matmulNtFamily.variants.filter((variant) => variant.isSupported(gpu.facts)))('matmul $name', ({ name, oneRow }) => {
  const variants = Object.fromEntries(matmulFamilies.map(({ operation }) => [operation, name]));

  it.each(SIZES)('nt agrees with the oracle at $m x $n x $k, residual added', async ({ m, n, k }) => {
    const [a, b, c, residual] = [tensor('a', m, k), tensor('b', n, k), tensor('c', m, n), tensor('residual', m, n)];
    const [x, w, r] = [normalValues('a', m * k), normalValues('b', n * k), normalValues('r', m * n)];
    const expected = matmulNT(doubles(x), doubles(w), m, n, k);
    const {
      results: [plain],
    } = await runWholeAndCut(
      gpu,
      [matmulNt({ role: 'test', a, b, c }, variants)],
      [
        [a, x],
        [b, w],
      ],
      [c],
    );
    expectClose(plain, expected, sumTolerance(k), 'matmul_nt');
    const {
      results: [sum],
    } = await runWholeAndCut(
      gpu,
      [matmulNt({ role: 'test', a, b, c, residual }, variants)],
      [
        [a, x],
        [b, w],
        [residual, r],
      ],
      [c],
    );
    expectClose(
      sum,
      expected.map((value, i) => value + r[i]),
      sumTolerance(k),
      'matmul_nt with residual',
    );
  });

  it.each(oneRow ? [] : SIZES)('nn agrees with the oracle at $m x $n x $k', async ({ m, n, k }) => {
    const [a, b, c] = [tensor('a', m, k), tensor('b', k, n), tensor('c', m, n)];
    const [x, w] = [normalValues('a', m * k), normalValues('b', n * k)];
    const {
      results: [product],
    } = await runWholeAndCut(
      gpu,
      [matmulNn({ role: 'test', a, b, c }, variants)],
      [
        [a, x],
        [b, w],
      ],
      [c],
    );
    expectClose(product, matmulNN(doubles(x), doubles(w), m, n, k), sumTolerance(k), 'matmul_nn');
  });

  it.each(oneRow ? [] : SIZES)('tn adds to what is there at $n x $k over $m tokens', async ({ m: tokens, n: m, k: n }) => {
    const [a, b, c] = [tensor('a', tokens, m), tensor('b', tokens, n), tensor('c', m, n)];
    const [x, w, before] = [normalValues('a', tokens * m), normalValues('b', tokens * n), normalValues('c', m * n)];
    const {
      results: [sum],
    } = await runWholeAndCut(
      gpu,
      [matmulTn({ role: 'test', a, b, c }, variants)],
      [
        [a, x],
        [b, w],
        [c, before],
      ],
      [c],
    );
    const expected = matmulTN(doubles(x), doubles(w), m, n, tokens);
    expectClose(
      sum,
      expected.map((value, i) => value + before[i]),
      sumTolerance(tokens),
      'matmul_tn',
    );
  });
});

it('refuses widths that are not multiples of 4', () => {
  const operands = { role: 'test', a: tensor('a', 4, 6), b: tensor('b', 8, 6), c: tensor('c', 4, 8) };
  expect(() => matmulNt(operands, { matmul_nt: 'register-8x8' })).toThrow(/k to be a positive multiple of 4, got 6/);
});
