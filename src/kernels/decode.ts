/**
 * Attention of a single new token over a KV cache. One query has too few rows to fill a GPU with, so the keys are cut into chunks that run
 * side by side and a second call joins them. Shapes as in `attention`; q (1, N, H) and kv (T, 2K, H) are separate tensors.
 */
import { ShapeError } from '../core/errors';
import { type AttentionShape, checkHeads } from './attentionShape';
import { type Dispatch, linearWorkgroups, scalarTypes } from './dispatch';
import { createTensor, expectShape, type Tensor, tensorBytes } from './tensor';

/** Keys of a workgroup. */
const CHUNK = 256;

/** Query heads of a workgroup: all that share a key/value head, unless they take too many registers. */
const MOST_HEADS = 4;

export interface FlashDecodeOperands {
  /** (1, N, H), rotary applied. */
  q: Tensor;
  /** (T, 2K, H): keys, then values, of every position. */
  kv: Tensor;
  /** (1, N, H) out. */
  o: Tensor;
  /** batch 1; length is the cache's room T. */
  shape: AttentionShape;
  /** 1 / sqrt(unpadded head_dim). */
  scale: number;
}

/**
 * o = softmax(scale · q kᵀ) v over positions up to the parameter `first_query`, which moves from token to token (`Executable.setParams`).
 * FLOPs and bytes are those of a full cache.
 */
export function flashDecode({ q, kv, o, shape, scale }: FlashDecodeOperands): Dispatch[] {
  const { batch, length, queryHeads, keyValueHeads, headDim } = shape;
  checkHeads('flash_decode', shape);
  if (batch !== 1) throw new ShapeError('flash_decode', 'a batch of one row', batch, 'decode rows one by one');
  expectShape('flash_decode', 'q', q, [1, queryHeads, headDim]);
  expectShape('flash_decode', 'kv', kv, [length, 2 * keyValueHeads, headDim]);
  expectShape('flash_decode', 'o', o, [1, queryHeads, headDim]);
  const chunks = Math.ceil(length / CHUNK);
  const heads = headsTogether(queryHeads / keyValueHeads);
  const state = createTensor('decode_state', [chunks, queryHeads, 2], 'working set');
  const acc = createTensor('decode_acc', [chunks, queryHeads, headDim], 'working set');
  const dimensions = `${length}x${queryHeads}/${keyValueHeads}x${headDim}`;
  return [
    {
      label: `flash_decode.attention[${dimensions}]`,
      shader: 'flash_decode',
      constants: { ...scalarTypes({ q, kv }), HEAD_DIM: headDim, HEADS: heads },
      tensors: { q, kv, state, acc },
      params: { first_query: length - 1, query_heads: queryHeads, key_value_heads: keyValueHeads, scale },
      workgroups: [chunks, queryHeads / heads, 1],
      flops: 4 * length * queryHeads * headDim,
      bytes: tensorBytes(kv),
    },
    {
      label: `flash_decode_combine.attention[${dimensions}]`,
      shader: 'flash_decode_combine',
      constants: { ...scalarTypes({ o }), HALF: Boolean(o.half), HEAD_DIM: headDim },
      tensors: { state, acc, o },
      params: { first_query: length - 1, query_heads: queryHeads, chunk: CHUNK },
      workgroups: linearWorkgroups((queryHeads * headDim) / 4),
      flops: 2 * chunks * queryHeads * headDim,
      bytes: tensorBytes(acc),
    },
  ];
}

function headsTogether(group: number): number {
  let heads = Math.min(MOST_HEADS, group);
  while (group % heads) heads--;
  return heads;
}
