import { describe, expect, it } from 'vitest';
import { ropeParametersSchema, rotaryTables } from '../core/positionEncoding';
import { Rng } from '../core/rng';
import { crossEntropy } from './crossEntropy';
import { embeddingBackward, embeddingForward } from './embedding';
import { centralDifferences } from './finiteDifference';
import { matmulNN, matmulNT, matmulTN } from './matmul';
import { rmsNormBackward, rmsNormForward } from './rmsNorm';
import { rotaryBackward, rotaryForward } from './rotary';
import { swigluBackward, swigluForward } from './swiglu';

const rng = Rng.of(0, 'operations.test');
const normal = (length: number) => Float64Array.from({ length }, () => rng.normal());
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);

function expectClose(actual: Float64Array, expected: Float64Array, tolerance = 1e-8) {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i]), `element ${i}`).toBeLessThanOrEqual(tolerance * (1 + Math.abs(expected[i])));
  });
}

describe('centralDifferences', () => {
  it('is exact to 1e-9 on a cubic, and only where asked', () => {
    const cubic = (x: Float64Array) => x[0] ** 3 + 2 * x[1];
    expectClose(centralDifferences(cubic, Float64Array.of(2, 5)), Float64Array.of(12, 2), 1e-9);
    expectClose(centralDifferences(cubic, Float64Array.of(2, 5), [1]), Float64Array.of(2), 1e-9);
  });
});

describe('matmul', () => {
  it('multiplies a worked example', () => {
    // [1 2; 3 4; 5 6] · [1 0 2; 0 1 1]
    const a = Float64Array.of(1, 2, 3, 4, 5, 6);
    const b = Float64Array.of(1, 0, 2, 0, 1, 1);
    expect([...matmulNN(a, b, 3, 3, 2)]).toEqual([1, 2, 4, 3, 4, 10, 5, 6, 16]);
  });

  it('agrees across the three transpositions', () => {
    const [m, n, k] = [3, 4, 5];
    const a = normal(m * k);
    const b = normal(k * n);
    const c = matmulNN(a, b, m, n, k);
    expectClose(matmulNT(a, transpose(b, k, n), m, n, k), c, 1e-14);
    expectClose(matmulTN(transpose(a, m, k), b, m, n, k), c, 1e-14);
  });

  it('gives the gradients of a linear layer', () => {
    const [tokens, inputs, outputs] = [3, 4, 5];
    const x = normal(tokens * inputs);
    const weight = normal(outputs * inputs);
    const dy = normal(tokens * outputs);
    const dx = centralDifferences((probe) => dot(dy, matmulNT(probe, weight, tokens, outputs, inputs)), x);
    const dweight = centralDifferences((probe) => dot(dy, matmulNT(x, probe, tokens, outputs, inputs)), weight);
    expectClose(matmulNN(dy, weight, tokens, inputs, outputs), dx);
    expectClose(matmulTN(dy, x, outputs, inputs, tokens), dweight);
  });
});

describe('RMSNorm', () => {
  it('scales rows to a root mean square of one', () => {
    expectClose(
      rmsNormForward(Float64Array.of(3, 4), Float64Array.of(1, 2), 0),
      Float64Array.of(3, 8).map((v) => v / Math.sqrt(12.5)),
    );
  });

  it('has the gradients that differences show', () => {
    const [x, weight, dy, eps] = [normal(3 * 7), normal(7), normal(3 * 7), 1e-5];
    const grads = rmsNormBackward(x, weight, dy, eps);
    expectClose(
      grads.dx,
      centralDifferences((probe) => dot(dy, rmsNormForward(probe, weight, eps)), x),
    );
    expectClose(
      grads.dweight,
      centralDifferences((probe) => dot(dy, rmsNormForward(x, probe, eps)), weight),
    );
  });
});

describe('rotary', () => {
  const [B, T, heads, H] = [2, 3, 2, 4];
  const rope = ropeParametersSchema.parse({ rope_type: 'yarn', factor: 4, original_max_position_embeddings: 8 });
  const table = rotaryTables(rope, H, T, 0).query;

  it('turns split halves by the position within the row', () => {
    const x = new Float64Array(B * T * heads * H);
    const at = ((1 * T + 2) * heads + 1) * H;
    x[at + 1] = 1;
    const y = rotaryForward(x, table, T, heads, H);
    expect(y[at + 1]).toBe(table.cos[2 * 2 + 1]);
    expect(y[at + 3]).toBe(table.sin[2 * 2 + 1]);
    expect(y.filter((value) => value !== 0)).toHaveLength(2);
  });

  it('turns gradients back with the transpose', () => {
    const x = normal(B * T * heads * H);
    const dy = normal(x.length);
    expectClose(
      rotaryBackward(dy, table, T, heads, H),
      centralDifferences((probe) => dot(dy, rotaryForward(probe, table, T, heads, H)), x),
    );
  });
});

describe('SwiGLU', () => {
  it('has the gradients that differences show, also far out', () => {
    const gate = Float64Array.of(-40, -3, -0.5, 0, 0.5, 3, 40);
    const [up, dy] = [normal(7), normal(7)];
    const { dgate, dup } = swigluBackward(gate, up, dy);
    expectClose(
      dgate,
      centralDifferences((probe) => dot(dy, swigluForward(probe, up)), gate),
    );
    expectClose(
      dup,
      centralDifferences((probe) => dot(dy, swigluForward(gate, probe)), up),
    );
  });
});

describe('embedding', () => {
  it('reads rows and adds up the gradient of repeated ids', () => {
    const ids = Uint32Array.of(2, 0, 2);
    const weight = normal(4 * 3);
    const dx = normal(3 * 3);
    expect([...embeddingForward(ids, weight, 3)]).toEqual([...weight.slice(6, 9), ...weight.slice(0, 3), ...weight.slice(6, 9)]);
    expectClose(
      embeddingBackward(ids, dx, 4, 3),
      centralDifferences((probe) => dot(dx, embeddingForward(ids, probe, 3)), weight),
    );
  });
});

describe('cross-entropy', () => {
  const targets = Uint32Array.of(1, 4, 0);
  const weights = Float32Array.of(1, 0, 0.5);

  it('is ln V for equal logits, whatever their size', () => {
    const { losses, loss } = crossEntropy(new Float64Array(3 * 5).fill(1000), targets, weights, 1 / 1.5);
    expectClose(losses, new Float64Array(3).fill(Math.log(5)), 1e-12);
    expect(loss).toBeCloseTo(Math.log(5), 12);
  });

  it('has the gradient that differences show, and none where the weight is 0', () => {
    const logits = normal(3 * 5);
    const { dlogits } = crossEntropy(logits, targets, weights, 1 / 7);
    expectClose(
      dlogits,
      centralDifferences((probe) => crossEntropy(probe, targets, weights, 1 / 7).loss, logits),
    );
    expect(dlogits.subarray(5, 10).every((value) => value === 0)).toBe(true);
  });
});

function transpose(a: Float64Array, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: a.length }, (_, i) => a[(i % rows) * columns + Math.floor(i / rows)]);
}
