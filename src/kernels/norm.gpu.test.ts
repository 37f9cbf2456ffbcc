import { describe, expect, it } from 'vitest';
import { requestGpu } from '../gpu/device';
import { rmsNormBackward as rmsNormBackwardOracle, rmsNormForward as rmsNormForwardOracle } from '../reference/rmsNorm';
import { ROWS_PER_BLOCK, rmsNormBackward, rmsNormForward } from './norm';
import { expectClose, sumTolerance } from './parity';
import { emptyTensor, type FloatOperand, floats, normals, padColumns, runTwice } from './testing/operands';

const gpu = await requestGpu(navigator.gpu);
const EPS = 1e-5;

/** Either side of ROWS_PER_BLOCK and of a workgroup; widths 18 and 30 leave zero padding in the stride. */
const SIZES = [
  { rows: 1, width: 4 },
  { rows: 63, width: 18 },
  { rows: 65, width: 64 },
  { rows: 100, width: 30 },
  { rows: 257, width: 172 },
];

const strideOf = (width: number) => Math.ceil(width / 4) * 4;

/** The operand as the kernel takes it: each row of `width` values followed by zeros. */
function widened(source: FloatOperand, width: number): FloatOperand {
  const stride = strideOf(width);
  const rows = source.values.length / width;
  const shape = source.tensor.shape.length === 1 ? [stride] : [rows, stride];
  return floats(source.tensor.storage.name, shape, padColumns(source.values, width, stride));
}

describe.each(SIZES)('rms_norm of $rows x $width', ({ rows, width }) => {
  const stride = strideOf(width);
  const [x, dy] = [normals('x', [rows, width], 2), normals('dy', [rows, width])];
  const [weight, before] = [normals('weight', [width]), normals('dweight', [width])];
  const [paddedX, paddedDy, paddedWeight] = [x, dy, weight].map((operand) => widened(operand, width));
  const tolerance = sumTolerance(width);

  it('forward agrees with the oracle and leaves padding at zero', async () => {
    const y = emptyTensor('y', rows, stride);
    const dispatch = rmsNormForward({ role: 'test', x: paddedX.tensor, weight: paddedWeight.tensor, y, width, eps: EPS });
    const [result] = await runTwice(gpu, [dispatch], [paddedX, paddedWeight], [y]);
    const expected = rmsNormForwardOracle(x.doubles, weight.doubles, EPS);
    expectClose(result, padColumns(expected, width, stride), tolerance, 'rms_norm_forward');
  });

  it.each([true, false])('backward agrees with the oracle, added to dx: %s', async (accumulate) => {
    const dx = normals('dx', [rows, stride]);
    const dweight = widened(before, width);
    const rstd = emptyTensor('rstd', rows);
    const dispatches = rmsNormBackward({
      role: 'test',
      x: paddedX.tensor,
      weight: paddedWeight.tensor,
      width,
      eps: EPS,
      dy: paddedDy.tensor,
      dx: dx.tensor,
      accumulate,
      rstd,
      partials: emptyTensor('partials', Math.ceil(rows / ROWS_PER_BLOCK), stride),
      dweight: dweight.tensor,
    });
    const [dxResult, dweightResult, rstdResult] = await runTwice(
      gpu,
      dispatches,
      [paddedX, paddedWeight, paddedDy, dx, dweight],
      [dx.tensor, dweight.tensor, rstd],
    );
    const oracle = rmsNormBackwardOracle(x.doubles, weight.doubles, dy.doubles, EPS);
    const expectedDx = Float64Array.from(padColumns(oracle.dx, width, stride), (value, i) =>
      accumulate ? value + dx.doubles[i] : value,
    );
    expectClose(dxResult, expectedDx, tolerance, 'dx');
    const expectedDweight = oracle.dweight.map((value, i) => value + before.doubles[i]);
    expectClose(dweightResult, padColumns(expectedDweight, width, stride), sumTolerance(rows), 'dweight');
    const meanSquare = (row: number) => x.doubles.subarray(row * width, (row + 1) * width).reduce((s, v) => s + v * v, 0) / width;
    const expectedRstd = Float64Array.from({ length: rows }, (_, row) => 1 / Math.sqrt(meanSquare(row) + EPS));
    expectClose(rstdResult, expectedRstd, tolerance, 'rstd');
  });
});

it('gives zero for a row of zeros, by eps', async () => {
  const [x, weight, y] = [floats('x', [2, 4], new Float32Array(8)), normals('weight', [4]), emptyTensor('y', 2, 4)];
  const dispatch = rmsNormForward({ role: 'test', x: x.tensor, weight: weight.tensor, y, width: 4, eps: EPS });
  const [result] = await runTwice(gpu, [dispatch], [x, weight], [y]);
  expect(result.every((value) => value === 0)).toBe(true);
});
