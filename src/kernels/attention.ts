/**
 * Causal grouped-query flash attention over packed documents, forward and backward. Memory is O(T): scores live in registers only.
 * Shapes: B rows of T tokens, M = B·T; N query and K key/value heads of H (padded) dimensions; `qkv` (M, N+2K, H) holds the three kinds
 * of head side by side per token. FLOPs count the pairs that a causal mask leaves in rows of one document.
 */
import { ShapeError } from '../core/errors';
import type { AdapterFacts } from '../gpu/device';
import { type Dispatch, linearWorkgroups } from './dispatch';
import { BYTES_PER_ELEMENT, elementCount, expectShape, type Tensor } from './tensor';
import { type KernelFamily, type Variant, type VariantSet, variantOf } from './variants';

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

interface BlockedFamily extends KernelFamily {
  preferredAt(facts: AdapterFacts, headDim: number): string;
}

interface BlockOptions {
  /** Vectors of head_dim floats that a thread keeps per row. */
  vectors: number;
  sizes: readonly number[];
}

/** Floats of a thread's own vectors that leave a GPU thread, which has 255 registers at most, room for a block of the others. */
const REGISTER_BUDGET = 128;

export const flashForwardFamily = blockedFamily('flash_forward', 'ROWS', { vectors: 2, sizes: [1, 2, 4] });
export const flashBackwardDqFamily = blockedFamily('flash_backward_dq', 'ROWS', { vectors: 3, sizes: [1, 2, 4] });
export const flashBackwardDkvFamily = blockedFamily('flash_backward_dkv', 'KEYS', { vectors: 4, sizes: [1, 2] });
export const attentionFamilies = [flashForwardFamily, flashBackwardDqFamily, flashBackwardDkvFamily] as const;

/** Default variants of the three kernels where the head dimension is known, which `KernelFamily.preferred` is not told. */
export function attentionVariants(facts: AdapterFacts, headDim: number): VariantSet {
  return Object.fromEntries(attentionFamilies.map((family) => [family.operation, family.preferredAt(facts, headDim)]));
}

export interface FlashForwardOperands {
  /** (M, N+2K, H), rotary applied. */
  qkv: Tensor;
  /** (M, 2) u32: where a token's document starts within its row, and one past where it ends. */
  docBounds: Tensor;
  /** (B·queryCount, N, H) out. */
  o: Tensor;
  /** (B·queryCount, N) out: log-sum-exp of each query's scaled scores. */
  lse: Tensor;
  shape: AttentionShape;
  /** 1 / sqrt(unpadded head_dim). */
  scale: number;
  /** Position of the first query in every row; default 0. */
  firstQuery?: number;
  /** Queries per row; default all T. One in decoding from a KV cache. */
  queryCount?: number;
}

/** o = softmax(scale · q kᵀ) v and its log-sum-exp. FLOPs 4·H per visible pair. */
export function flashForward(operands: FlashForwardOperands, variants: VariantSet): Dispatch {
  const { qkv, docBounds, o, lse, shape, scale, firstQuery = 0, queryCount = shape.length } = operands;
  const { batch, length, queryHeads, headDim } = shape;
  const rows = batch * queryCount;
  checkQkv('flash_forward', shape, qkv, docBounds);
  expectShape('flash_forward', 'o', o, [rows, queryHeads, headDim]);
  expectShape('flash_forward', 'lse', lse, [rows, queryHeads]);
  if (firstQuery < 0 || queryCount < 1 || firstQuery + queryCount > length)
    throw new ShapeError(
      'flash_forward',
      `queries within a row of ${length}`,
      `[${firstQuery}, ${firstQuery + queryCount})`,
      'shorten the range or enlarge the KV cache',
    );
  const { constants } = variantOf(flashForwardFamily, variants);
  const tensors = { qkv, doc_bounds: docBounds, o, lse };
  return {
    ...describe('flash_forward', shape, constants, tensors),
    params: { ...headParams(shape), first_query: firstQuery, query_count: queryCount, scale },
    workgroups: linearWorkgroups(batch * queryHeads * Math.ceil(queryCount / Number(constants.ROWS))),
    flops: 4 * headDim * visiblePairs(shape, firstQuery, queryCount),
  };
}

export interface AttentionDeltaOperands {
  /** (M, N, H). */
  o: Tensor;
  /** (M, N, H). */
  dO: Tensor;
  /** (M, N). */
  lse: Tensor;
  /** (M, N, 2) out: log-sum-exp and delta. */
  lseDelta: Tensor;
  shape: AttentionShape;
}

/** delta = dO · o per token and head, beside the log-sum-exp: what both backward kernels read per query. */
export function attentionDelta({ o, dO, lse, lseDelta, shape }: AttentionDeltaOperands): Dispatch {
  const { batch, length, queryHeads, headDim } = shape;
  const tokens = batch * length;
  checkHeads('attention_delta', shape);
  expectShape('attention_delta', 'o', o, [tokens, queryHeads, headDim]);
  expectShape('attention_delta', 'dO', dO, [tokens, queryHeads, headDim]);
  expectShape('attention_delta', 'lse', lse, [tokens, queryHeads]);
  expectShape('attention_delta', 'lseDelta', lseDelta, [tokens, queryHeads, 2]);
  const rows = tokens * queryHeads;
  return {
    ...describe('attention_delta', shape, {}, { o, d_o: dO, lse, lse_delta: lseDelta }),
    params: { rows },
    workgroups: linearWorkgroups(rows),
    flops: 2 * rows * headDim,
  };
}

export interface FlashBackwardOperands {
  /** (M, N+2K, H), rotary applied. */
  qkv: Tensor;
  /** (M, N, H). */
  dO: Tensor;
  /** (M, N, 2), from `attentionDelta`. */
  lseDelta: Tensor;
  /** (M, 2) u32. */
  docBounds: Tensor;
  /** (≥ T, H/2, 2): (cos, sin) by position, with any scale folded in. */
  rotaryQ: Tensor;
  rotaryK: Tensor;
  /** (M, N+2K, H) out, before rotary. `flashBackwardDq` writes the query heads, `flashBackwardDkv` the others. */
  dqkv: Tensor;
  shape: AttentionShape;
  scale: number;
}

/** Gradient to the queries. FLOPs 6·H per visible pair: q·k again, dO·v, dS k. */
export function flashBackwardDq(operands: FlashBackwardOperands, variants: VariantSet): Dispatch {
  const { qkv, dO, lseDelta, docBounds, rotaryQ, dqkv, shape, scale } = operands;
  const { batch, length, queryHeads, headDim } = shape;
  checkBackward('flash_backward_dq', operands);
  const { constants } = variantOf(flashBackwardDqFamily, variants);
  const tensors = { qkv, d_o: dO, lse_delta: lseDelta, doc_bounds: docBounds, rotary_q: rotaryQ, dqkv };
  return {
    ...describe('flash_backward_dq', shape, constants, tensors),
    params: { ...headParams(shape), scale },
    workgroups: linearWorkgroups(batch * queryHeads * Math.ceil(length / Number(constants.ROWS))),
    flops: 6 * headDim * visiblePairs(shape),
  };
}

/** Gradient to keys and values, summed over each group of query heads. FLOPs 8·H per visible pair: q·k and dO·v again, Pᵀ dO, dSᵀ q. */
export function flashBackwardDkv(operands: FlashBackwardOperands, variants: VariantSet): Dispatch {
  const { qkv, dO, lseDelta, docBounds, rotaryK, dqkv, shape, scale } = operands;
  const { batch, length, keyValueHeads, headDim } = shape;
  checkBackward('flash_backward_dkv', operands);
  const { constants } = variantOf(flashBackwardDkvFamily, variants);
  const tensors = { qkv, d_o: dO, lse_delta: lseDelta, doc_bounds: docBounds, rotary_k: rotaryK, dqkv };
  return {
    ...describe('flash_backward_dkv', shape, constants, tensors),
    params: { ...headParams(shape), scale },
    workgroups: linearWorkgroups(batch * keyValueHeads * Math.ceil(length / Number(constants.KEYS))),
    flops: 8 * headDim * visiblePairs(shape),
  };
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
  const { batch, length, queryHeads, keyValueHeads, headDim } = shape;
  checkHeads(operation, shape);
  expectShape(operation, 'qkv', qkv, [batch * length, queryHeads + 2 * keyValueHeads, headDim]);
  expectShape(operation, 'docBounds', docBounds, [batch * length, 2]);
}

/** The scalars that every kernel needs to find its way in `qkv`. */
export function headParams({ batch, length, queryHeads, keyValueHeads }: AttentionShape): Record<string, number> {
  return { batch, length, query_heads: queryHeads, key_value_heads: keyValueHeads };
}

/** Pairs of query and key, over all heads, that causality leaves for queries [first, first + count) of every row. */
export function visiblePairs({ batch, length, queryHeads }: AttentionShape, first = 0, count = length): number {
  return batch * queryHeads * ((count * (2 * first + count + 1)) / 2);
}

function describe(shader: string, shape: AttentionShape, constants: Dispatch['constants'], tensors: Record<string, Tensor>) {
  const { batch, length, queryHeads, keyValueHeads, headDim } = shape;
  const elements = Object.values(tensors).reduce((sum, tensor) => sum + elementCount(tensor.shape), 0);
  return {
    label: `${shader}.attention[${batch}x${length}x${queryHeads}/${keyValueHeads}x${headDim}]`,
    shader,
    constants: { HEAD_DIM: headDim, ...constants },
    tensors,
    bytes: BYTES_PER_ELEMENT * elements,
  };
}

function checkBackward(operation: string, operands: FlashBackwardOperands): void {
  const { qkv, dO, lseDelta, docBounds, rotaryQ, rotaryK, dqkv, shape } = operands;
  const { batch, length, queryHeads, headDim } = shape;
  checkQkv(operation, shape, qkv, docBounds);
  expectShape(operation, 'dO', dO, [batch * length, queryHeads, headDim]);
  expectShape(operation, 'lseDelta', lseDelta, [batch * length, queryHeads, 2]);
  expectShape(operation, 'dqkv', dqkv, [...qkv.shape]);
  for (const [name, table] of Object.entries({ rotaryQ, rotaryK }))
    if (table.shape[0] < length || table.shape[1] !== headDim / 2)
      throw new ShapeError(
        operation,
        `${name} of shape [≥ ${length}, ${headDim / 2}, 2]`,
        `[${table.shape}]`,
        'build longer tables',
      );
}

/**
 * Variants by how many rows (or keys) a thread owns: more use of every vector it loads, more registers. Software adapters have the stack
 * for registers and take the largest; a GPU takes as many as the budget holds.
 */
function blockedFamily(operation: string, block: 'ROWS' | 'KEYS', { vectors, sizes }: BlockOptions): BlockedFamily {
  const nameOf = (size: number) => `${block.toLowerCase()}-${size}`;
  const largest = Math.max(...sizes);
  const variants = sizes.map((size) => ({
    name: nameOf(size),
    constants: { [block]: size } as Variant['constants'],
    suits: `GPUs at head_dim up to ${Math.floor(REGISTER_BUDGET / (vectors * size))}${size === largest ? ', and software adapters' : ''}`,
    isSupported: () => true,
  }));
  const preferredAt = (facts: AdapterFacts, headDim: number) =>
    nameOf(sizes.findLast((size) => facts.isSoftware || size * vectors * headDim <= REGISTER_BUDGET) ?? 1);
  return { operation, variants, preferredAt, preferred: (facts) => preferredAt(facts, 64) };
}
