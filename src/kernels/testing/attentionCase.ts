/** A random attention problem, once as tensors with their contents for the kernels and once in float64 for the oracle. */
import { fromFloat16, toFloat16 } from '../../core/float16';
import type { AttentionShape } from '../attentionShape';
import { normalValues, type TensorInput } from '../parity';
import { createTensor, type Tensor } from '../tensor';

export interface AttentionCaseOptions extends AttentionShape {
  /** Document lengths, repeated until the row is full; the second row of the batch starts with the second one. Default: one document. */
  documents?: readonly number[];
  /** Whether q, k and v are stored as float16. */
  half?: boolean;
}

/** Tensors `qkv`, `docBounds` and `dO` of a case with uploads, and the oracle's view of the same numbers. */
export interface AttentionCase {
  shape: AttentionShape;
  scale: number;
  tensors: Record<'qkv' | 'docBounds' | 'dO' | 'rotaryQ' | 'rotaryK', Tensor>;
  inputs: TensorInput[];
  /** What src/reference/attention.ts takes. */
  problem: ReturnType<typeof oracleProblem>;
  /** (B, T, N, H). */
  dO: Float64Array;
  /** (T, H/2) each. */
  rotary: Record<'query' | 'key', { cos: Float64Array; sin: Float64Array }>;
}

export function createAttentionCase({ documents, half = false, ...shape }: AttentionCaseOptions): AttentionCase {
  const { batch, length, queryHeads, keyValueHeads, headDim } = shape;
  const tokens = batch * length;
  const heads = queryHeads + 2 * keyValueHeads;
  const scale = 1 / Math.sqrt(headDim);
  const tensor = (name: string, ...size: number[]) => createTensor(name, size, 'inputs');
  const tensors = {
    qkv: createTensor('qkv', [tokens, heads, headDim], 'inputs', { half }),
    docBounds: tensor('doc_bounds', tokens, 2),
    dO: tensor('d_o', tokens, queryHeads, headDim),
    rotaryQ: tensor('rotary_q', length, headDim / 2, 2),
    rotaryK: tensor('rotary_k', length, headDim / 2, 2),
  };
  const values = normalValues('qkv', tokens * heads * headDim);
  const stored = half ? Uint16Array.from(values, toFloat16) : values;
  const qkv = half ? Float32Array.from(stored, fromFloat16) : values;
  const dO = normalValues('d_o', tokens * queryHeads * headDim);
  const docBounds = boundsOf(batch, length, documents ?? [length]);
  // Different scales on the two sides, as xPos has, so that a kernel that reads the wrong table fails.
  const rotaryQ = turns(length, headDim, 1.25);
  const rotaryK = turns(length, headDim, 0.8);
  return {
    shape,
    scale,
    tensors,
    inputs: [
      [tensors.qkv, stored],
      [tensors.docBounds, docBounds],
      [tensors.dO, dO],
      [tensors.rotaryQ, rotaryQ],
      [tensors.rotaryK, rotaryK],
    ],
    problem: oracleProblem(shape, scale, qkv, docBounds),
    dO: Float64Array.from(dO),
    rotary: { query: everyOther(rotaryQ), key: everyOther(rotaryK) },
  };
}

/** Heads [first, first + count) of every token of an (M, heads, H) array. */
export function selectHeads(
  values: ArrayLike<number>,
  heads: number,
  headDim: number,
  first: number,
  count: number,
): Float64Array {
  const tokens = values.length / (heads * headDim);
  const width = count * headDim;
  return Float64Array.from({ length: tokens * width }, (_, i) => {
    const token = Math.floor(i / width);
    return values[(token * heads + first) * headDim + (i % width)];
  });
}

function oracleProblem(shape: AttentionShape, scale: number, qkv: Float32Array, docBounds: Uint32Array) {
  const { batch: B, length: T, queryHeads: N, keyValueHeads: K, headDim: H } = shape;
  const heads = (first: number, count: number) => selectHeads(qkv, N + 2 * K, H, first, count);
  const docStart = docBounds.filter((_, i) => i % 2 === 0);
  return { q: heads(0, N), k: heads(N, K), v: heads(N + K, K), B, T, N, K, H, docStart, scale };
}

/** (B·T, 2): start and end of each token's document within its row. */
function boundsOf(batch: number, length: number, documents: readonly number[]): Uint32Array<ArrayBuffer> {
  const bounds = new Uint32Array(batch * length * 2);
  for (let b = 0; b < batch; b++) {
    let next = b;
    for (let start = 0; start < length; ) {
      const end = Math.min(start + documents[next++ % documents.length], length);
      for (let t = start; t < end; t++) bounds.set([start, end], 2 * (b * length + t));
      start = end;
    }
  }
  return bounds;
}

/** A (T, H/2, 2) table of (cos, sin) with geometric frequencies and a scale folded in. */
function turns(length: number, headDim: number, scale: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: length * headDim }, (_, i) => {
    const position = Math.floor(i / headDim);
    const angle = position * 100 ** (-Math.floor((i % headDim) / 2) / headDim);
    return scale * (i % 2 ? Math.sin(angle) : Math.cos(angle));
  });
}

function everyOther(table: Float32Array): { cos: Float64Array; sin: Float64Array } {
  const pick = (parity: number) => Float64Array.from(table.filter((_, i) => i % 2 === parity));
  return { cos: pick(0), sin: pick(1) };
}
