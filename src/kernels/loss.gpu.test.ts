import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng';
import { requestGpu } from '../gpu/device';
import { crossEntropy as crossEntropyOracle } from '../reference/crossEntropy';
import { crossEntropy, LOSS_PARTIALS, lossChunkRows, lossSum } from './loss';
import { expectClose, sumTolerance } from './parity';
import { emptyTensor, type FloatOperand, floats, integers, normals, padColumns, runTwice } from './testing/operands';

const gpu = await requestGpu(navigator.gpu);

const SIZES = [
  { rows: 1, vocabulary: 5 },
  { rows: 63, vocabulary: 33 },
  { rows: 65, vocabulary: 512 },
  { rows: 257, vocabulary: 5 },
];

/** Larger than every true logit: a kernel that does not mask padding columns gets sum and prediction wrong. */
const PADDING = 500;

const strideOf = (vocabulary: number) => Math.ceil(vocabulary / 4) * 4;

function problem(rows: number, vocabulary: number, logits: FloatOperand) {
  const rng = Rng.of(0, `loss[${rows},${vocabulary}]`);
  const targets = Uint32Array.from({ length: rows }, () => rng.integer(vocabulary));
  // Every third token has no target; the rest weigh differently.
  const weights = Float32Array.from({ length: rows }, (_, i) => (i % 3 === 2 ? 0 : rng.uniform() + 0.1));
  const stride = strideOf(vocabulary);
  return {
    logits: floats('logits', [rows, stride], padColumns(logits.values, vocabulary, stride, PADDING)),
    targets: integers('targets', [rows], targets),
    targetWeight: floats('target_weight', [rows], weights),
    tokenLoss: emptyTensor('token_loss', rows, 2),
    oracle: crossEntropyOracle(logits.doubles, targets, weights, 1),
    predicted: Array.from(targets, (target, row) => {
      const own = logits.values.subarray(row * vocabulary, (row + 1) * vocabulary);
      const highest = Math.max(...own);
      return own[target] === highest ? target : own.indexOf(highest);
    }),
  };
}

async function run(given: ReturnType<typeof problem>, vocabulary: number, backward: boolean) {
  const { logits, targets, targetWeight, tokenLoss } = given;
  const operands = { logits: logits.tensor, targets: targets.tensor, targetWeight: targetWeight.tensor, tokenLoss };
  const uploads = backward ? [logits, targets, targetWeight] : [logits, targets];
  const [losses, gradient] = await runTwice(gpu, [crossEntropy({ ...operands, vocabulary, backward })], uploads, [
    tokenLoss,
    logits.tensor,
  ]);
  return { nats: losses.filter((_, i) => i % 2 === 0), predicted: [...losses.filter((_, i) => i % 2 === 1)], gradient };
}

describe.each(SIZES)('cross_entropy of $rows tokens, vocabulary $vocabulary', ({ rows, vocabulary }) => {
  const given = problem(rows, vocabulary, normals('logits', [rows, vocabulary], 3));

  it('gives losses, predictions and the gradient; padding columns and rows of weight 0 get none', async () => {
    const { nats, predicted, gradient } = await run(given, vocabulary, true);
    expectClose(nats, given.oracle.losses, sumTolerance(vocabulary), 'nats');
    expect(predicted).toEqual(given.predicted);
    const stride = strideOf(vocabulary);
    const expected = padColumns(given.oracle.dlogits, vocabulary, stride);
    expectClose(gradient, expected, { relative: 1e-4, absolute: 1e-6 }, 'dlogits');
    gradient.forEach((value, i) => {
      if (i % stride >= vocabulary || given.targetWeight.values[Math.floor(i / stride)] === 0) expect(Math.abs(value)).toBe(0);
    });
  });

  it('gives the same losses and leaves the logits alone without BACKWARD', async () => {
    const [trained, evaluated] = [await run(given, vocabulary, true), await run(given, vocabulary, false)];
    expect(evaluated.nats).toEqual(trained.nats);
    expect(evaluated.predicted).toEqual(trained.predicted);
    expect(evaluated.gradient).toEqual(given.logits.values);
  });
});

describe('cross_entropy of extreme logits', () => {
  const [rows, vocabulary] = [9, 33];
  const rng = Rng.of(0, 'extreme logits');
  const cases: [name: string, value: (row: number, column: number) => number][] = [
    ['one at 80, the rest at -80', (row, column) => (column === row ? 80 : -80)],
    ['one at -80, the rest at 80', (row, column) => (column === row ? -80 : 80)],
    ['either', () => (rng.uniform() < 0.5 ? 80 : -80)],
    ['all equal', () => -80],
  ];
  it.each(cases)('agrees with the oracle: %s', async (_, value) => {
    const logits = Array.from({ length: rows * vocabulary }, (_, i) => value(Math.floor(i / vocabulary), i % vocabulary));
    const given = problem(rows, vocabulary, floats('logits', [rows, vocabulary], logits));
    const { nats, predicted, gradient } = await run(given, vocabulary, true);
    // A loss is a difference of values near 80, which float32 holds to 4e-6 at best.
    expectClose(nats, given.oracle.losses, { relative: 1e-5, absolute: 4e-5 }, 'nats');
    expect(predicted).toEqual(given.predicted);
    const expected = padColumns(given.oracle.dlogits, vocabulary, strideOf(vocabulary));
    expectClose(gradient, expected, { relative: 1e-4, absolute: 1e-6 }, 'dlogits');
  });
});

describe('loss_sum', () => {
  it.each([1, 63, 257, 1000])('adds the weighted losses of %s tokens to what is there', async (rows) => {
    const tokenLoss = normals('token_loss', [rows, 2]);
    const targetWeight = floats(
      'target_weight',
      [rows],
      Float32Array.from({ length: rows }, (_, i) => (i % 5) / 4),
    );
    const partials = normals('partials', [LOSS_PARTIALS]);
    const dispatch = lossSum({ tokenLoss: tokenLoss.tensor, targetWeight: targetWeight.tensor, partials: partials.tensor });
    const [result] = await runTwice(gpu, [dispatch], [tokenLoss, targetWeight, partials], [partials.tensor]);
    const expected = partials.doubles.slice();
    for (let row = 0; row < rows; row++) expected[row % LOSS_PARTIALS] += targetWeight.doubles[row] * tokenLoss.doubles[2 * row];
    expectClose(result, expected, sumTolerance(rows / LOSS_PARTIALS), 'loss_sum');
  });

  it('ignores an infinite loss of weight 0', async () => {
    const tokenLoss = floats('token_loss', [3, 2], [Number.POSITIVE_INFINITY, 0, 2, 0, Number.NaN, 0]);
    const targetWeight = floats('target_weight', [3], [0, 0.5, 0]);
    const partials = floats('partials', [LOSS_PARTIALS], new Float32Array(LOSS_PARTIALS));
    const dispatch = lossSum({ tokenLoss: tokenLoss.tensor, targetWeight: targetWeight.tensor, partials: partials.tensor });
    const [result] = await runTwice(gpu, [dispatch], [tokenLoss, targetWeight, partials], [partials.tensor]);
    expect([...result.subarray(0, 4)]).toEqual([0, 1, 0, 0]);
  });
});

describe('lossChunkRows', () => {
  it.each([
    { rows: 1000, hidden: 64, vocabulary: 5, chunk: 1000 },
    { rows: 100, hidden: 64, vocabulary: 512, chunk: 100 },
    { rows: 4096, hidden: 128, vocabulary: 4096, chunk: 1024 },
    { rows: 32_768, hidden: 512, vocabulary: 8192, chunk: 2048 },
    { rows: 4096, hidden: 8, vocabulary: 1_000_000, chunk: 64 },
    { rows: 50, hidden: 4, vocabulary: 4096, chunk: 50 },
  ])(
    '$rows tokens of width $hidden with vocabulary $vocabulary go in chunks of $chunk',
    ({ rows, hidden, vocabulary, chunk }) => {
      expect(lossChunkRows(rows, hidden, vocabulary)).toBe(chunk);
    },
  );
});
