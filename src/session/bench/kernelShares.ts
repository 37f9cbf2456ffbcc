import { LabError } from '../../core/errors';
import type { AdapterPeak } from '../../core/profile';
import type { Gpu } from '../../gpu/device';
import type { PipelineCache } from '../../gpu/pipelines';
import { attentionDelta, flashBackwardDkv, flashBackwardDq, flashForward } from '../../kernels/attention';
import type { Dispatch } from '../../kernels/dispatch';
import { defaultVariants } from '../../kernels/families';
import { matmulNn, matmulNt, matmulTn } from '../../kernels/matmul';
import { normalValues } from '../../kernels/parity';
import { Program } from '../../kernels/program';
import { createTensor, elementCount, type Tensor } from '../../kernels/tensor';
import type { VariantSet } from '../../kernels/variants';
import { Engine } from '../../model/engine';
import { dispatchTimes } from './profile';

/** A kernel at a set size, against the adapter's multiply-add peak. */
export interface KernelShare {
  kernel: string;
  variant: string;
  ms: number;
  gflopsPerSecond: number;
  shareOfPeak: number;
}

export interface KernelShares {
  /** 512 × 512 × 512. */
  matmul: KernelShare[];
  /** 2,048 tokens, four query and two key/value heads of 64. */
  attention: KernelShare[];
  /** Time of attention, forward and backward, over one document of 4,096 tokens and over eight of 512 in a row of that length. */
  oneDocumentMs: number;
  eightDocumentsMs: number;
}

const SIDE = 512;
const SHAPE = { batch: 1, length: 2048, queryHeads: 4, keyValueHeads: 2, headDim: 64 };

/** Checks the default variants against their oracles, then times them. @throws LabError, with no number, when a check fails. */
export async function measureKernelShares(gpu: Gpu, pipelines: PipelineCache, peak: AdapterPeak): Promise<KernelShares> {
  const variants = defaultVariants(gpu.facts, SHAPE);
  await checkKernels(gpu, pipelines, variants);
  const square = (name: string) => createTensor(name, [SIDE, SIDE], 'working set', { persistent: true });
  const operands = { role: 'bench', a: square('a'), b: square('b'), c: square('c') };
  const products = [matmulNt(operands, variants), matmulNn(operands, variants), matmulTn(operands, variants)];
  const share = (dispatch: Dispatch, ms: number): KernelShare => {
    const gflopsPerSecond = dispatch.flops / ms / 1e6;
    const shareOfPeak = gflopsPerSecond / peak.fmaGflopsPerSecond;
    return { kernel: dispatch.shader, variant: variants[dispatch.shader], ms, gflopsPerSecond, shareOfPeak };
  };
  const productMs = await timeCalls(gpu, pipelines, products, [operands.a, operands.b], []);
  const [forward, , dq, dkv] = attentionCalls(SHAPE.length, variants);
  const attentionMs = await timeAttention(gpu, pipelines, SHAPE.length, variants, 1);
  const documents = async (count: number) =>
    (await timeAttention(gpu, pipelines, 2 * SHAPE.length, variants, count)).reduce((sum, ms) => sum + ms, 0);
  return {
    matmul: products.map((dispatch, i) => share(dispatch, productMs[i])),
    attention: [share(forward, attentionMs[0]), share(dq, attentionMs[2]), share(dkv, attentionMs[3])],
    oneDocumentMs: await documents(1),
    eightDocumentsMs: await documents(8),
  };
}

/** The tuner's cases: awkward shapes, every operand against float64. */
async function checkKernels(gpu: Gpu, pipelines: PipelineCache, variants: VariantSet): Promise<void> {
  const [{ casesOf }, { runCases }] = await Promise.all([import('../../tuning/cases'), import('../../tuning/checkCase')]);
  for (const operation of Object.keys(variants)) {
    const cases = casesOf(operation, { headDim: SHAPE.headDim, half: false });
    const { check, problem } = await runCases(gpu, pipelines, cases, variants);
    if (check !== 'right') throw new LabError('bench', `${operation} to agree with its oracle`, problem, 'run lab check');
  }
}

function attentionCalls(length: number, variants: VariantSet): Dispatch[] {
  const { queryHeads: N, keyValueHeads: K, headDim: H } = SHAPE;
  const shape = { ...SHAPE, length };
  const tensor = (name: string, ...size: number[]) => createTensor(name, size, 'working set', { persistent: true });
  const qkv = tensor('qkv', length, N + 2 * K, H);
  const [o, dO] = [tensor('o', length, N, H), tensor('d_o', length, N, H)];
  const [softmax, docBounds] = [tensor('softmax', length, N, 2), tensor('doc_bounds', length, 2)];
  const rotary = tensor('rotary', length, H / 2, 2);
  const scale = 1 / Math.sqrt(H);
  const dqkv = tensor('dqkv', ...qkv.shape);
  const backward = { qkv, dO, softmax, docBounds, rotaryQ: rotary, rotaryK: rotary, dqkv, shape, scale };
  return [
    flashForward({ q: qkv, kv: qkv, docBounds, o, softmax, shape, scale }, variants),
    attentionDelta({ o, dO, softmax, shape }),
    flashBackwardDq(backward, variants),
    flashBackwardDkv(backward, variants),
  ];
}

/** Milliseconds of forward, delta, dQ and dK+dV over a row of `count` equal documents. */
function timeAttention(gpu: Gpu, pipelines: PipelineCache, length: number, variants: VariantSet, count: number) {
  const calls = attentionCalls(length, variants);
  const { qkv, d_o: dO } = calls[3].tensors;
  const { doc_bounds: docBounds } = calls[0].tensors;
  const size = length / count;
  const bounds = Uint32Array.from({ length: 2 * length }, (_, i) => (Math.floor(i / 2 / size) + (i % 2)) * size);
  return timeCalls(gpu, pipelines, calls, [qkv, dO], [[docBounds, bounds]]);
}

async function timeCalls(
  gpu: Gpu,
  pipelines: PipelineCache,
  calls: readonly Dispatch[],
  random: readonly Tensor[],
  inputs: readonly (readonly [Tensor, Uint32Array<ArrayBuffer>])[],
): Promise<number[]> {
  const program = new Program('kernel shares', calls);
  const engine = await Engine.create(gpu, pipelines, [program]);
  try {
    for (const tensor of random) engine.write(tensor, normalValues(tensor.storage.name, elementCount(tensor.shape)));
    for (const [tensor, values] of inputs) engine.write(tensor, values);
    // The first run warms up, and gives the backward kernels their softmax.
    engine.run(program);
    return await dispatchTimes(engine, program);
  } finally {
    engine.destroy();
  }
}
