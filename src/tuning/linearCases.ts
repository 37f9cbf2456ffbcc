/** The linear layers at shapes that no tile divides, and at one of several tiles, against the oracle. */
import { rotaryTables } from '../core/positionEncoding';
import type { AttentionShape } from '../kernels/attentionShape';
import { matmulNn, matmulNt, matmulTn } from '../kernels/matmul';
import { matmulNtFamily, matmulRowFamily } from '../kernels/matmulVariants';
import { qkvRotary, swigluBackward, swigluForward } from '../kernels/projections';
import { createTensor, type Tensor } from '../kernels/tensor';
import { matmulNN, matmulNT, matmulTN } from '../reference/matmul';
import { rotaryForward } from '../reference/rotary';
import { swigluBackward as swigluBackwardOracle, swigluForward as swigluForwardOracle } from '../reference/swiglu';
import { type CheckCase, toleranceOf } from './checkCase';
import { normals, operandOf } from './operands';

/** What of the model the kernels are compiled for. */
export interface ModelTraits {
  /** H as stored. */
  headDim: number;
  /** Activations and weights are float16. */
  half: boolean;
}

interface ProductShape {
  m: number;
  n: number;
  k: number;
}

/** One row; either side of a 64-wide tile; more than two tiles of 128 each way, with a sum that no step divides. */
const PRODUCTS: ProductShape[] = [
  { m: 1, n: 4, k: 4 },
  { m: 65, n: 68, k: 100 },
  { m: 257, n: 264, k: 172 },
];

/** Everything that the family `matmul_nt` computes. */
export function matmulNtCases(traits: ModelTraits): CheckCase[] {
  return [
    ...PRODUCTS.flatMap((shape) => [productNt(shape, traits, false), productNt(shape, traits, true)]),
    ...PRODUCTS.map((shape) => swigluForwardCase(shape, traits)),
    qkvRotaryCase(traits),
  ];
}

/** One row, with fewer steps along k than a team has threads, and with more; several rows are computed one by one. */
const ROWS: ProductShape[] = [
  { m: 1, n: 68, k: 100 },
  { m: 1, n: 264, k: 1100 },
];

/** Everything that a variant for single rows computes in decoding. */
export function matmulRowCases(traits: ModelTraits): CheckCase[] {
  const cases = [
    ...ROWS.flatMap((shape) => [productNt(shape, traits, false), productNt(shape, traits, true)]),
    ...ROWS.map((shape) => swigluForwardCase(shape, traits)),
    qkvRotaryCase(traits),
  ];
  const { operation } = matmulNtFamily;
  return cases.map((each) => ({
    ...each,
    build: (variants) => each.build({ ...variants, [operation]: variants[matmulRowFamily.operation] }),
  }));
}

/** Everything that the family `matmul_nn` computes. */
export function matmulNnCases(traits: ModelTraits): CheckCase[] {
  return [...PRODUCTS.map((shape) => productNn(shape, traits)), ...PRODUCTS.map((shape) => swigluBackwardCase(shape, traits))];
}

export function matmulTnCases(traits: ModelTraits): CheckCase[] {
  return PRODUCTS.map((shape) => productTn(shape, traits));
}

/** With the residual: an output projection. Without: logits, which are float32 whatever the model is. */
function productNt({ m, n, k }: ProductShape, { half }: ModelTraits, withResidual: boolean): CheckCase {
  const a = normals('a', [m, k], half);
  const b = normals('b', [n, k], half);
  const residual = withResidual ? normals('residual', [m, n], half) : undefined;
  const c = result('c', [m, n], half && withResidual);
  const product = matmulNT(a.doubles, b.doubles, m, n, k);
  return {
    name: `matmul_nt ${m}x${n}x${k}${residual ? ' with residual' : ''}`,
    build: (variants) => [
      matmulNt({ role: 'check', a: a.tensor, b: b.tensor, c, ...(residual && { residual: residual.tensor }) }, variants),
    ],
    inputs: [a.input, b.input, ...(residual ? [residual.input] : [])],
    expected: [
      {
        tensor: c,
        values: residual ? product.map((value, i) => value + residual.doubles[i]) : product,
        tolerance: toleranceOf(k, half && withResidual, Math.sqrt(k)),
      },
    ],
  };
}

function productNn({ m, n, k }: ProductShape, { half }: ModelTraits): CheckCase {
  const a = normals('a', [m, k]);
  const b = normals('b', [k, n], half);
  const c = result('c', [m, n]);
  return {
    name: `matmul_nn ${m}x${n}x${k}`,
    build: (variants) => [matmulNn({ role: 'check', a: a.tensor, b: b.tensor, c }, variants)],
    inputs: [a.input, b.input],
    expected: [{ tensor: c, values: matmulNN(a.doubles, b.doubles, m, n, k), tolerance: toleranceOf(k, false, Math.sqrt(k)) }],
  };
}

/** Added to what is there; the sum runs over `m` tokens. */
function productTn({ m: tokens, n: m, k: n }: ProductShape, { half }: ModelTraits): CheckCase {
  const a = normals('a', [tokens, m]);
  const b = normals('b', [tokens, n], half);
  const before = normals('c', [m, n]);
  const sum = matmulTN(a.doubles, b.doubles, m, n, tokens);
  return {
    name: `matmul_tn ${m}x${n}x${tokens}`,
    build: (variants) => [matmulTn({ role: 'check', a: a.tensor, b: b.tensor, c: before.tensor }, variants)],
    inputs: [a.input, b.input, before.input],
    expected: [
      {
        tensor: before.tensor,
        values: sum.map((value, i) => value + before.doubles[i]),
        tolerance: toleranceOf(tokens, false, Math.sqrt(tokens)),
      },
    ],
  };
}

function swigluForwardCase({ m, n: f, k }: ProductShape, { half }: ModelTraits): CheckCase {
  const x = normals('x', [m, k], half);
  const weight = normals('weight', [2 * f, k], half);
  const y = result('y', [m, f], half);
  const gate = matmulNT(x.doubles, weight.doubles.subarray(0, f * k), m, f, k);
  const up = matmulNT(x.doubles, weight.doubles.subarray(f * k), m, f, k);
  return {
    name: `swiglu_forward ${m}x${2 * f}x${k}`,
    build: (variants) => [swigluForward({ x: x.tensor, weight: weight.tensor, y }, variants)],
    inputs: [x.input, weight.input],
    // A product of two sums, each of order √k.
    expected: [{ tensor: y, values: swigluForwardOracle(gate, up), tolerance: toleranceOf(k, half, k) }],
  };
}

function swigluBackwardCase({ m, n: f, k }: ProductShape, { half }: ModelTraits): CheckCase {
  const dout = normals('dout', [m, k]);
  const downWeight = normals('down', [k, f], half);
  const gateUp = normals('gate_up', [m, 2 * f]);
  const y = result('y', [m, f], half);
  const part = (second: 0 | 1) =>
    Float64Array.from({ length: m * f }, (_, i) => gateUp.doubles[Math.floor(i / f) * 2 * f + second * f + (i % f)]);
  const [gate, up] = [part(0), part(1)];
  const { dgate, dup } = swigluBackwardOracle(gate, up, matmulNN(dout.doubles, downWeight.doubles, m, f, k));
  const gradients = Float64Array.from({ length: 2 * m * f }, (_, i) => {
    const [row, column] = [Math.floor(i / (2 * f)), i % (2 * f)];
    return column < f ? dgate[row * f + column] : dup[row * f + column - f];
  });
  return {
    name: `swiglu_backward ${m}x${f}x${k}`,
    build: (variants) => [
      swigluBackward({ dout: dout.tensor, downWeight: downWeight.tensor, gateUp: gateUp.tensor, y }, variants),
    ],
    inputs: [dout.input, downWeight.input, gateUp.input],
    expected: [
      // A sum of order √k times normal values.
      { tensor: gateUp.tensor, values: gradients, tolerance: toleranceOf(k, false, 4 * Math.sqrt(k)) },
      { tensor: y, values: swigluForwardOracle(gate, up), tolerance: toleranceOf(1, half) },
    ],
  };
}

/** Rows of 37 tokens, so that a row ends inside a tile. */
function qkvRotaryCase({ headDim, half }: ModelTraits): CheckCase {
  const shape: AttentionShape = { batch: 2, length: 37, queryHeads: 4, keyValueHeads: 2, headDim };
  const { batch, length, queryHeads, keyValueHeads } = shape;
  const [m, d, heads] = [batch * length, 100, queryHeads + 2 * keyValueHeads];
  const x = normals('x', [m, d], half);
  const weight = normals('weight', [heads * headDim, d], half);
  const { query: table } = rotaryTables({ rope_type: 'default', rope_theta: 100 }, headDim, length, 0);
  const turns = (name: string) =>
    operandOf(
      name,
      [length, headDim / 2, 2],
      Float64Array.from({ length: length * headDim }, (_, i) => (i % 2 ? table.sin : table.cos)[Math.floor(i / 2)]),
    );
  const [rotaryQ, rotaryK] = [turns('rotary_q'), turns('rotary_k')];
  const qkv = result('qkv', [m, heads, headDim], half);
  const projected = matmulNT(x.doubles, weight.doubles, m, heads * headDim, d);
  const turned = rotaryForward(projected, table, length, heads, headDim);
  const isTurned = (i: number) => Math.floor(i / headDim) % heads < queryHeads + keyValueHeads;
  return {
    name: `qkv_rotary ${m}x${heads * headDim}x${d}`,
    build: (variants) => [
      qkvRotary({ x: x.tensor, weight: weight.tensor, rotaryQ: rotaryQ.tensor, rotaryK: rotaryK.tensor, qkv, shape }, variants),
    ],
    inputs: [x.input, weight.input, rotaryQ.input, rotaryK.input],
    expected: [
      {
        tensor: qkv,
        values: turned.map((value, i) => (isTurned(i) ? value : projected[i])),
        tolerance: toleranceOf(d, half, Math.sqrt(d)),
      },
    ],
  };
}

function result(name: string, shape: readonly number[], half = false): Tensor {
  return createTensor(name, shape, 'working set', { half });
}
