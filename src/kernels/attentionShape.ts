/**
 * What every attention kernel is told of its problem. B rows of T tokens, M = B·T; N query and K key/value heads of H (padded) dimensions;
 * `qkv` (M, N+2K, H) holds the three kinds of head side by side per token.
 */
import { ShapeError } from '../core/errors';
import { expectShape, type Tensor } from './tensor';

export interface AttentionShape {
  /** B. */
  batch: number;
  /** T; in decoding, the room of a row of the KV cache. */
  length: number;
  /** N, a multiple of K. */
  queryHeads: number;
  /** K. */
  keyValueHeads: number;
  /** H as stored: padded to a multiple of 8, at most 128. */
  headDim: number;
}

/** Throws unless the head counts and the padded head dimension suit the attention kernels. */
export function checkHeads(operation: string, { queryHeads, keyValueHeads, headDim }: AttentionShape): void {
  if (headDim % 8 || headDim < 8 || headDim > 128)
    throw new ShapeError(
      operation,
      'a padded head_dim that is a multiple of 8 and at most 128',
      headDim,
      'change num_attention_heads or hidden_size',
    );
  if (queryHeads % keyValueHeads)
    throw new ShapeError(
      operation,
      `num_attention_heads to be a multiple of num_key_value_heads (${keyValueHeads})`,
      queryHeads,
      'change one of them',
    );
}

/** Throws unless heads, `qkv` and `docBounds` agree with the shape. */
export function checkQkv(operation: string, shape: AttentionShape, qkv: Tensor, docBounds: Tensor): void {
  const { batch, length } = shape;
  checkHeads(operation, shape);
  expectStacked(operation, shape, qkv);
  expectShape(operation, 'docBounds', docBounds, [batch * length, 2]);
}

/** Throws unless `qkv` holds the three kinds of head side by side. */
export function expectStacked(operation: string, shape: AttentionShape, qkv: Tensor): void {
  const { batch, length, queryHeads, keyValueHeads, headDim } = shape;
  expectShape(operation, 'qkv', qkv, [batch * length, queryHeads + 2 * keyValueHeads, headDim]);
}
