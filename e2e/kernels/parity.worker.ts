/** A handful of kernels against their float64 oracles on this browser's own WebGPU, in a worker as in the lab. */
import { requestGpu } from '../../src/gpu/device';
import { attentionDelta, flashBackwardDkv, flashBackwardDq, flashForward } from '../../src/kernels/attention';
import { attentionVariants } from '../../src/kernels/attentionVariants';
import { matmulNn, matmulNt, matmulTn } from '../../src/kernels/matmul';
import { matmulFamilies, matmulNtFamily } from '../../src/kernels/matmulVariants';
import { compare, normalValues, runDispatches, sumTolerance } from '../../src/kernels/parity';
import { createTensor } from '../../src/kernels/tensor';
import { createAttentionCase, selectHeads } from '../../src/kernels/testing/attentionCase';
import { attentionBackward, attentionForward } from '../../src/reference/attention';
import { matmulNN, matmulNT, matmulTN } from '../../src/reference/matmul';
import { rotaryBackward } from '../../src/reference/rotary';
import type { ParityReport } from './parityReport';

const gpu = await requestGpu(navigator.gpu);
const tensor = (name: string, ...shape: number[]) => createTensor(name, shape, 'working set');
const comparisons: ParityReport['comparisons'] = [];

await checkMatmul(65, 68, 100);
await checkAttention();
postMessage({ comparisons } satisfies ParityReport);

function record(quantity: string, actual: ArrayLike<number>, expected: ArrayLike<number>, terms: number): void {
  comparisons.push({ quantity, toleranceShare: compare(actual, expected, sumTolerance(terms)).toleranceShare });
}

/** The three orientations that training needs, in every variant: y = x Wᵀ, dx = dy W, dW = dyᵀ x. */
async function checkMatmul(m: number, n: number, k: number): Promise<void> {
  const values = { mk: normalValues('mk', m * k), nk: normalValues('nk', n * k), mn: normalValues('mn', m * n) };
  const inputs = { mk: tensor('mk', m, k), nk: tensor('nk', n, k), mn: tensor('mn', m, n) };
  const outputs = { nt: tensor('nt', m, n), nn: tensor('nn', m, k), tn: tensor('tn', n, k) };
  const doubles = { mk: Float64Array.from(values.mk), nk: Float64Array.from(values.nk), mn: Float64Array.from(values.mn) };
  for (const { name, oneRow } of matmulNtFamily.variants.filter((variant) => variant.isSupported(gpu.facts))) {
    // A variant for single rows is none of the other two orientations', which run their defaults again.
    const variants = Object.fromEntries(
      matmulFamilies.map((family) => [
        family.operation,
        oneRow && family !== matmulNtFamily ? family.preferred(gpu.facts) : name,
      ]),
    );
    const [nt, nn, tn] = await runDispatches(
      gpu,
      [
        matmulNt({ role: 'test', a: inputs.mk, b: inputs.nk, c: outputs.nt }, variants),
        matmulNn({ role: 'test', a: inputs.mn, b: inputs.nk, c: outputs.nn }, variants),
        matmulTn({ role: 'test', a: inputs.mn, b: inputs.mk, c: outputs.tn }, variants),
      ],
      [
        [inputs.mk, values.mk],
        [inputs.nk, values.nk],
        [inputs.mn, values.mn],
      ],
      [outputs.nt, outputs.nn, outputs.tn],
    );
    record(`matmul_nt ${name}`, nt, matmulNT(doubles.mk, doubles.nk, m, n, k), k);
    record(`matmul_nn ${name}`, nn, matmulNN(doubles.mn, doubles.nk, m, k, n), n);
    record(`matmul_tn ${name}`, tn, matmulTN(doubles.mn, doubles.mk, n, k, m), m);
  }
}

/** Grouped queries, documents that end inside a tile, and the rotation's own backward pass. */
async function checkAttention(): Promise<void> {
  const shape = { batch: 2, length: 65, queryHeads: 4, keyValueHeads: 2, headDim: 32 };
  const test = createAttentionCase({ ...shape, documents: [40, 25] });
  const { tensors, scale, problem, rotary } = test;
  const { T, N, K, H } = problem;
  const variants = attentionVariants(gpu.facts, H);
  const tokens = shape.batch * T;
  const o = tensor('o', tokens, N, H);
  const softmax = tensor('softmax', tokens, N, 2);
  const dqkv = tensor('dqkv', ...tensors.qkv.shape);
  const backward = { ...tensors, softmax, dqkv, shape, scale };
  const dispatches = [
    flashForward({ ...tensors, q: tensors.qkv, kv: tensors.qkv, o, softmax, shape, scale }, variants),
    attentionDelta({ o, dO: tensors.dO, softmax, shape }),
    flashBackwardDq(backward, variants),
    flashBackwardDkv(backward, variants),
  ];
  const [actualO, actualDqkv] = await runDispatches(gpu, dispatches, test.inputs, [o, dqkv]);
  const { dq, dk, dv } = attentionBackward(problem, test.dO);
  const written = (first: number, count: number) => selectHeads(actualDqkv, N + 2 * K, H, first, count);
  record('flash attention o', actualO, attentionForward(problem).o, T);
  record('flash attention dq', written(0, N), rotaryBackward(dq, rotary.query, T, N, H), T);
  record('flash attention dk', written(N, K), rotaryBackward(dk, rotary.key, T, K, H), T * N);
  record('flash attention dv', written(N + K, K), dv, T * N);
}
