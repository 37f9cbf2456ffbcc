/**
 * Causal grouped-query flash attention over packed documents, forward and backward. Memory is O(T): scores live in registers only.
 * Shapes as in attentionShape. FLOPs count the pairs that a causal mask leaves in rows of one document.
 */
import { ShapeError } from '../core/errors';
import { type AttentionShape, checkHeads, checkQkv, expectStacked } from './attentionShape';
import { splitWalk, type Walk } from './attentionSplit';
import {
  type FlashFamily,
  flashBackwardDkvFamily,
  flashBackwardDqFamily,
  flashConstants,
  flashForwardFamily,
  flashTileRows,
} from './attentionVariants';
import { type Dispatch, linearWorkgroups, partOf, rowPieces, scalarTypes, workgroupGrid } from './dispatch';
import { expectShape, type Tensor, tensorBytes } from './tensor';
import type { VariantSet } from './variants';

export interface FlashForwardOperands {
  /** (M, N+2K, H) with rotary applied, the same tensor as `kv`; or (B·Q, N, H) beside a cache. */
  q: Tensor;
  /** (M, N+2K, H); or the cache's keys and values, (M, 2K, H). */
  kv: Tensor;
  /** (M, 2) u32: where a token's document starts within its row, and one past where it ends. */
  docBounds: Tensor;
  /** (B·Q, N, H) out. */
  o: Tensor;
  /** (B·Q, N, 2) out: log-sum-exp of each query's scaled scores, and room for `attentionDelta`. */
  softmax: Tensor;
  shape: AttentionShape;
  /** 1 / sqrt(unpadded head_dim). */
  scale: number;
  /** Beside a cache: position of the first query in every row, default 0, and queries per row Q, default all T. */
  firstQuery?: number;
  queryCount?: number;
}

/** o = softmax(scale · q kᵀ) v and its log-sum-exp. FLOPs 4·H per visible pair. */
export function flashForward(operands: FlashForwardOperands, variants: VariantSet): Dispatch {
  const { q, kv, docBounds, o, softmax, shape, scale, firstQuery = 0, queryCount = shape.length } = operands;
  const { batch, length, queryHeads, keyValueHeads, headDim } = shape;
  const rows = batch * queryCount;
  checkHeads('flash_forward', shape);
  expectShape('flash_forward', 'docBounds', docBounds, [batch * length, 2]);
  expectShape('flash_forward', 'o', o, [rows, queryHeads, headDim]);
  expectShape('flash_forward', 'softmax', softmax, [rows, queryHeads, 2]);
  if (firstQuery < 0 || queryCount < 1 || firstQuery + queryCount > length)
    throw new ShapeError(
      'flash_forward',
      `queries within a row of ${length}`,
      `[${firstQuery}, ${firstQuery + queryCount})`,
      'shorten the range or enlarge the KV cache',
    );
  const stacked = q.storage === kv.storage;
  if (stacked) expectStacked('flash_forward', shape, kv);
  else {
    expectShape('flash_forward', 'q', q, [rows, queryHeads, headDim]);
    expectShape('flash_forward', 'kv', kv, [batch * length, 2 * keyValueHeads, headDim]);
  }
  const vectors = headDim / 4;
  const walk: Walk = {
    ...tilesOf(flashForwardFamily, variants, queryCount, batch * queryHeads),
    walked: (tile) => [0, firstQuery + Math.min(queryCount, (tile + 1) * flashTileRows(flashForwardFamily, variants))],
    length: firstQuery + queryCount,
  };
  const call = describe(
    'flash_forward',
    { shape, flopsPerPair: 4, pairs: visiblePairs(shape, firstQuery, queryCount) },
    {
      constants: {
        ...flashConstants(flashForwardFamily, variants, headDim),
        ...scalarTypes({ q, kv, o }),
        HALF: Boolean(o.half),
      },
      tensors: { q, kv, doc_bounds: docBounds, o, softmax },
      params: {
        length,
        query_heads: queryHeads,
        key_value_heads: keyValueHeads,
        first_query: firstQuery,
        query_count: queryCount,
        q_stride: (stacked ? queryHeads + 2 * keyValueHeads : queryHeads) * vectors,
        kv_stride: (stacked ? queryHeads + 2 * keyValueHeads : 2 * keyValueHeads) * vectors,
        key_offset: stacked ? queryHeads * vectors : 0,
        scale,
      },
    },
  );
  // What float16 would round between two pieces could not be taken up again.
  return walking(call, walk, 'key', !o.half);
}

export interface AttentionDeltaOperands {
  /** (M, N, H). */
  o: Tensor;
  /** (M, N, H). */
  dO: Tensor;
  /** (M, N, 2): the second component becomes delta. */
  softmax: Tensor;
  shape: AttentionShape;
}

/** delta = dO · o per token and head, beside the log-sum-exp: what both backward kernels read per query. */
export function attentionDelta(operands: AttentionDeltaOperands): Dispatch {
  const { o, dO, softmax, shape } = operands;
  const { queryHeads, headDim } = shape;
  const [tokens] = o.shape;
  checkHeads('attention_delta', shape);
  expectShape('attention_delta', 'o', o, [tokens, queryHeads, headDim]);
  expectShape('attention_delta', 'dO', dO, [tokens, queryHeads, headDim]);
  expectShape('attention_delta', 'softmax', softmax, [tokens, queryHeads, 2]);
  const rows = tokens * queryHeads;
  return {
    ...describe(
      'attention_delta',
      { shape, flopsPerPair: 0, pairs: 0 },
      {
        constants: scalarTypes({ o }),
        tensors: { o, d_o: dO, softmax },
        params: { rows },
      },
    ),
    workgroups: linearWorkgroups(rows),
    flops: 2 * rows * headDim,
    split: (pieces) =>
      rowPieces([o, dO, softmax], pieces, (window) =>
        attentionDelta({ o: window(o), dO: window(dO), softmax: window(softmax), shape }),
      ),
  };
}

export interface FlashBackwardOperands {
  /** (M, N+2K, H), rotary applied. */
  qkv: Tensor;
  /** (M, N, H). */
  dO: Tensor;
  /** (M, N, 2): log-sum-exp and delta. */
  softmax: Tensor;
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
  const { shape, rotaryQ } = operands;
  const { batch, length, queryHeads } = shape;
  const rows = flashTileRows(flashBackwardDqFamily, variants);
  const walk: Walk = {
    ...tilesOf(flashBackwardDqFamily, variants, length, batch * queryHeads),
    walked: (tile) => [0, Math.min(length, (tile + 1) * rows)],
    length,
  };
  return walking(backward(flashBackwardDqFamily, operands, { rotary_q: rotaryQ }, variants, 6), walk, 'key');
}

/** Gradient to keys and values, summed over each group of query heads. FLOPs 8·H per visible pair: q·k and dO·v again, Pᵀ dO, dSᵀ q. */
export function flashBackwardDkv(operands: FlashBackwardOperands, variants: VariantSet): Dispatch {
  const { shape, rotaryK } = operands;
  const { batch, length, keyValueHeads } = shape;
  const keys = flashTileRows(flashBackwardDkvFamily, variants);
  const walk: Walk = {
    ...tilesOf(flashBackwardDkvFamily, variants, length, batch * keyValueHeads),
    walked: (tile) => [tile * keys, length],
    length,
  };
  return walking(backward(flashBackwardDkvFamily, operands, { rotary_k: rotaryK }, variants, 8), walk, 'query');
}

/** Pairs of query and key, over all heads, that causality leaves for queries [first, first + count) of every row. */
export function visiblePairs({ batch, length, queryHeads }: AttentionShape, first = 0, count = length): number {
  return batch * queryHeads * ((count * (2 * first + count + 1)) / 2);
}

/** A call but for its workgroups and the piece of the walk it takes. */
type Call = Omit<Dispatch, 'workgroups' | 'split'>;

function backward(
  family: FlashFamily,
  operands: FlashBackwardOperands,
  table: Record<string, Tensor>,
  variants: VariantSet,
  flopsPerPair: number,
): Call {
  const { qkv, dO, softmax, docBounds, dqkv, shape, scale } = operands;
  checkBackward(family.operation, operands);
  return describe(
    family.operation,
    { shape, flopsPerPair, pairs: visiblePairs(shape) },
    {
      constants: { ...flashConstants(family, variants, shape.headDim), ...scalarTypes({ qkv }) },
      tensors: { qkv, d_o: dO, softmax, doc_bounds: docBounds, ...table, dqkv },
      params: { length: shape.length, query_heads: shape.queryHeads, key_value_heads: shape.keyValueHeads, scale },
    },
  );
}

interface Problem {
  shape: AttentionShape;
  /** Times H. */
  flopsPerPair: number;
  pairs: number;
}

function describe(
  shader: string,
  { shape, flopsPerPair, pairs }: Problem,
  call: Pick<Dispatch, 'constants' | 'tensors' | 'params'>,
): Call {
  const { batch, length, queryHeads, keyValueHeads, headDim } = shape;
  return {
    label: `${shader}.attention[${batch}x${length}x${queryHeads}/${keyValueHeads}x${headDim}]`,
    shader,
    ...call,
    constants: { HEAD_DIM: headDim, ...call.constants },
    flops: flopsPerPair * headDim * pairs,
    bytes: [...new Set(Object.values(call.tensors))].reduce((sum, tensor) => sum + tensorBytes(tensor), 0),
  };
}

/** The whole walk in one call, and how to cut it. @param axis what is walked, as the shader's params call it. */
function walking(call: Call, walk: Walk, axis: 'key' | 'query', isCut = true): Dispatch {
  const groups = walk.tiles * walk.heads;
  const piece = (firstGroup: number, endGroup: number, begin: number, end: number, share: number): Dispatch => ({
    ...call,
    params: { ...call.params, first_group: firstGroup, end_group: endGroup, [`${axis}_begin`]: begin, [`${axis}_end`]: end },
    workgroups: workgroupGrid(endGroup - firstGroup),
    flops: call.flops * share,
    bytes: call.bytes * share,
  });
  return {
    ...piece(0, groups, 0, ALL_POSITIONS, 1),
    split: (pieces) => {
      const cut = splitWalk(isCut ? walk : { ...walk, unit: walk.length }, pieces);
      return cut.map((part, i) =>
        partOf(
          piece(part.firstGroup, part.endGroup, part.begin, part.end === walk.length ? ALL_POSITIONS : part.end, part.share),
          i,
          cut.length,
        ),
      );
    },
  };
}

/** An end past every position, also of a row whose queries move from call to call. */
const ALL_POSITIONS = 2 ** 31;

function tilesOf(family: FlashFamily, variants: VariantSet, rows: number, heads: number): Pick<Walk, 'tiles' | 'heads'> {
  return { tiles: Math.ceil(rows / flashTileRows(family, variants)), heads };
}

function checkBackward(operation: string, operands: FlashBackwardOperands): void {
  const { qkv, dO, softmax, docBounds, rotaryQ, rotaryK, dqkv, shape } = operands;
  const { batch, length, queryHeads, headDim } = shape;
  checkQkv(operation, shape, qkv, docBounds);
  expectShape(operation, 'dO', dO, [batch * length, queryHeads, headDim]);
  expectShape(operation, 'softmax', softmax, [batch * length, queryHeads, 2]);
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
