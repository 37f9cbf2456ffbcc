/** Attention with grouped heads and several documents against the oracle, each kernel from the oracle's own inputs. */
import { flashBackwardDkv, flashBackwardDq, flashForward } from '../kernels/attention';
import { createTensor } from '../kernels/tensor';
import { createAttentionCase } from '../kernels/testing/attentionCase';
import { attentionBackward, attentionForward } from '../reference/attention';
import { rotaryBackward } from '../reference/rotary';
import { type CheckCase, toleranceOf } from './checkCase';
import type { ModelTraits } from './linearCases';
import { operandOf } from './operands';

/** One token; documents that begin and end inside a block; more than one workgroup of 4 × 64 rows. */
const ROWS = [
  { batch: 2, length: 1, queryHeads: 2, keyValueHeads: 1 },
  { batch: 2, length: 65, queryHeads: 4, keyValueHeads: 2, documents: [40, 25] },
  { batch: 1, length: 300, queryHeads: 2, keyValueHeads: 1, documents: [7, 230] },
];

type Problem = ReturnType<typeof solve>;

export function flashForwardCases(traits: ModelTraits): CheckCase[] {
  return ROWS.map((row) => forwardCase(solve(row, traits)));
}

export function flashBackwardDqCases(traits: ModelTraits): CheckCase[] {
  return ROWS.map((row) => {
    const problem = solve(row, traits);
    const { T, N, H } = problem.of.problem;
    const dq = rotaryBackward(problem.gradients.dq, problem.of.rotary.query, T, N, H);
    return backwardCase('flash_backward_dq', problem, { dq });
  });
}

export function flashBackwardDkvCases(traits: ModelTraits): CheckCase[] {
  return ROWS.map((row) => {
    const problem = solve(row, traits);
    const { T, K, H } = problem.of.problem;
    const { dk, dv } = problem.gradients;
    return backwardCase('flash_backward_dkv', problem, { dk: rotaryBackward(dk, problem.of.rotary.key, T, K, H), dv });
  });
}

function solve(row: (typeof ROWS)[number], { headDim, half }: ModelTraits) {
  const of = createAttentionCase({ ...row, headDim, half });
  const { B, T, N, H } = of.problem;
  const { o, lse } = attentionForward(of.problem);
  // The oracle keeps (B, N, T), the kernels (B·T, N, 2) with delta = dO·o beside it.
  const softmax = Float64Array.from({ length: B * T * N * 2 }, (_, i) => {
    const row = Math.floor(i / 2);
    const [token, n] = [Math.floor(row / N), row % N];
    if (i % 2 === 0) return lse[(Math.floor(token / T) * N + n) * T + (token % T)];
    let delta = 0;
    for (let h = 0; h < H; h++) delta += of.dO[row * H + h] * o[row * H + h];
    return delta;
  });
  const name = `${row.batch}x${row.length}x${row.queryHeads}/${row.keyValueHeads}x${headDim}`;
  return { of, half, name, o, softmax, gradients: attentionBackward(of.problem, of.dO) };
}

function forwardCase({ of, half, name, o: expected, softmax: sums }: Problem): CheckCase {
  const { shape, scale, tensors, inputs } = of;
  const tokens = shape.batch * shape.length;
  const o = createTensor('o', [tokens, shape.queryHeads, shape.headDim], 'working set', { half });
  const softmax = createTensor('softmax', [tokens, shape.queryHeads, 2], 'working set');
  const { qkv, docBounds } = tensors;
  return {
    name: `flash_forward ${name}`,
    build: (variants) => [flashForward({ q: qkv, kv: qkv, docBounds, o, softmax, shape, scale }, variants)],
    inputs: inputs.filter(([tensor]) => tensor === qkv || tensor === docBounds),
    expected: [
      { tensor: o, values: expected, tolerance: toleranceOf(shape.length, half) },
      {
        tensor: softmax,
        values: sums.map((value, i) => (i % 2 ? 0 : value)),
        tolerance: toleranceOf(shape.length, false),
      },
    ],
  };
}

interface Gradients {
  dq?: Float64Array;
  dk?: Float64Array;
  dv?: Float64Array;
}

/** What a kernel does not write stays zero. */
function backwardCase(
  operation: 'flash_backward_dq' | 'flash_backward_dkv',
  { of, name, softmax: sums }: Problem,
  gradients: Gradients,
): CheckCase {
  const { shape, scale, tensors, inputs, problem } = of;
  const { T, N } = problem;
  const softmax = operandOf('softmax', [shape.batch * T, N, 2], sums);
  const dqkv = createTensor('dqkv', tensors.qkv.shape, 'working set');
  const operands = { ...tensors, softmax: softmax.tensor, dqkv, shape, scale };
  const isDq = operation === 'flash_backward_dq';
  const unused = isDq ? tensors.rotaryK : tensors.rotaryQ;
  return {
    name: `${operation} ${name}`,
    build: (variants) => [isDq ? flashBackwardDq(operands, variants) : flashBackwardDkv(operands, variants)],
    inputs: [...inputs.filter(([tensor]) => tensor !== unused), softmax.input],
    expected: [{ tensor: dqkv, values: stacked(problem, gradients), tolerance: toleranceOf(isDq ? T : T * N, false) }],
  };
}

/** (M, N+2K, H): heads of the three kinds side by side per token, zeros for a kind that is not given. */
function stacked({ B, T, N, K, H }: Problem['of']['problem'], { dq, dk, dv }: Gradients): Float64Array {
  const heads = N + 2 * K;
  const values = new Float64Array(B * T * heads * H);
  const put = (gradient: Float64Array | undefined, first: number, count: number) =>
    gradient?.forEach((value, i) => {
      const token = Math.floor(i / (count * H));
      values[(token * heads + first) * H + (i % (count * H))] = value;
    });
  put(dq, 0, N);
  put(dk, N, K);
  put(dv, N + K, K);
  return values;
}
