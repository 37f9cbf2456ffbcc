import { ShapeError } from '../core/errors';
import type { AttentionShape } from './attentionShape';
import { type Dispatch, equalRanges, matrixTiles, partOf, rowPieces, scalarTypes } from './dispatch';
import { checkWidths } from './matmul';
import { matmulNnFamily, matmulNtFamily } from './matmulVariants';
import { expectShape, rowAlignment, rowsOf, type Tensor, tensorBytes } from './tensor';
import { type VariantSet, variantOf } from './variants';

export interface QkvRotaryOptions {
  /** (batch·count, D) normalised input. */
  x: Tensor;
  /** ((N+2K)·H, D): query, key and value weights stacked. */
  weight: Tensor;
  /** (≥ T, H/2, 2) (cos, sin) tables. */
  rotaryQ: Tensor;
  rotaryK: Tensor;
  /** (batch·T, N+2K, H) out; or beside `q` the keys and values of a cache, (batch·T, 2K, H). T is the row's room. */
  qkv: Tensor;
  /** (batch·count, N, H) out: where the queries go that a cache has no use for. */
  q?: Tensor;
  shape: AttentionShape;
  /** Position of the first input token of every row, and tokens per row; default the whole row. */
  first?: number;
  count?: number;
}

/** Query, key and value projections with rotary embedding. FLOPs 2·M·(N+2K)·H·D. */
export function qkvRotary(options: QkvRotaryOptions, variants: VariantSet): Dispatch {
  const { x, weight, rotaryQ, rotaryK, qkv, q, shape } = options;
  const [m, k] = x.shape;
  const { constants } = variantOf(matmulNtFamily, variants);
  const { batch, length, queryHeads, keyValueHeads, headDim } = shape;
  const count = options.count ?? length;
  const heads = queryHeads + 2 * keyValueHeads;
  const width = heads * headDim;
  if (headDim % 8)
    throw new ShapeError(
      'qkv_rotary',
      'a padded head_dim that is a multiple of 8',
      headDim,
      'pad each half of the head to a multiple of 4',
    );
  checkWidths('qkv_rotary', { k });
  expectShape('qkv_rotary', 'x', x, [batch * count, k]);
  expectShape('qkv_rotary', 'weight', weight, [width, k]);
  for (const [name, table] of Object.entries({ rotaryQ, rotaryK }))
    if (table.shape[0] < length || table.shape[1] !== headDim / 2)
      throw new ShapeError(
        'qkv_rotary',
        `${name} of shape [≥ ${length}, ${headDim / 2}, 2]`,
        `[${table.shape}]`,
        'build tables for this length',
      );
  expectShape('qkv_rotary', 'qkv', qkv, [batch * length, q ? 2 * keyValueHeads : heads, headDim]);
  if (q) expectShape('qkv_rotary', 'q', q, [batch * count, queryHeads, headDim]);
  const written = { c: qkv, ...(q && { q }) };
  const piece = (first: number, end: number): Dispatch => {
    const rows = end - first;
    return {
      label: `qkv_rotary.attention[${rows}x${width}x${k}]`,
      shader: 'qkv_rotary',
      constants: { ...constants, ...scalarTypes({ a: x, b: weight, ...written }), CACHE: Boolean(q), HALF: Boolean(qkv.half) },
      tensors: { a: rowsOf(x, first, rows), b: weight, rotary_q: rotaryQ, rotary_k: rotaryK, ...written },
      params: {
        m: rows,
        k,
        query_heads: queryHeads,
        key_value_heads: keyValueHeads,
        head_dim: headDim,
        length,
        first: options.first ?? 0,
        count,
        first_row: first,
      },
      workgroups: matrixTiles(rows, width, constants),
      flops: 2 * rows * width * k,
      bytes: (tensorBytes(x) + tensorBytes(qkv)) * (rows / m) + tensorBytes(weight),
    };
  };
  return {
    ...piece(0, m),
    split: (pieces) => {
      const ranges = equalRanges(m, pieces, rowAlignment(x));
      return ranges.map(([first, end], i) => partOf(piece(first, end), i, ranges.length));
    },
  };
}

/** y (M, F) = silu(x·Wgᵀ) · (x·Wuᵀ) with weight (2F, D): gate rows, then up rows. */
export function swigluForward({ x, weight, y }: { x: Tensor; weight: Tensor; y: Tensor }, variants: VariantSet): Dispatch {
  const [m, k] = x.shape;
  const { constants } = variantOf(matmulNtFamily, variants);
  const f = y.shape[1];
  checkWidths('swiglu_forward', { f, k });
  expectShape('swiglu_forward', 'weight', weight, [2 * f, k]);
  expectShape('swiglu_forward', 'y', y, [m, f]);
  return {
    label: `swiglu_forward.mlp[${m}x${2 * f}x${k}]`,
    shader: 'swiglu_forward',
    constants: { ...constants, ...scalarTypes({ a: x, b: weight, y }), HALF: Boolean(y.half) },
    tensors: { a: x, b: weight, y },
    params: { m, f, k },
    workgroups: matrixTiles(m, 2 * f, constants),
    flops: 4 * m * f * k,
    bytes: tensorBytes(x) + tensorBytes(weight) + tensorBytes(y),
    split: (pieces) => rowPieces([x, y], pieces, (window) => swigluForward({ x: window(x), weight, y: window(y) }, variants)),
  };
}

interface SwigluBackwardOperands {
  /** (M, D) gradient of the block's output. */
  dout: Tensor;
  /** (D, F). */
  downWeight: Tensor;
  /** (M, 2F): gate and up going in, their gradients coming out. */
  gateUp: Tensor;
  /** (M, F) the activation again, for the down projection's weight gradient. */
  y: Tensor;
}

/** Gradient through the down projection and SwiGLU; replaces `gateUp` by its gradient. */
export function swigluBackward({ dout, downWeight, gateUp, y }: SwigluBackwardOperands, variants: VariantSet): Dispatch {
  const [m, k] = dout.shape;
  const { constants } = variantOf(matmulNnFamily, variants);
  const f = y.shape[1];
  checkWidths('swiglu_backward', { f, k });
  expectShape('swiglu_backward', 'downWeight', downWeight, [k, f]);
  expectShape('swiglu_backward', 'gateUp', gateUp, [m, 2 * f]);
  expectShape('swiglu_backward', 'y', y, [m, f]);
  return {
    label: `swiglu_backward.mlp[${m}x${f}x${k}]`,
    shader: 'swiglu_backward',
    constants: { ...constants, ...scalarTypes({ a: dout, b: downWeight, y }), HALF: Boolean(y.half) },
    tensors: { a: dout, b: downWeight, gate_up: gateUp, y },
    params: { m, f, k },
    workgroups: matrixTiles(m, f, constants),
    flops: 2 * m * f * k,
    bytes: tensorBytes(dout) + tensorBytes(downWeight) + 2 * tensorBytes(gateUp) + tensorBytes(y),
    split: (pieces) =>
      rowPieces([dout, gateUp, y], pieces, (window) =>
        swigluBackward({ dout: window(dout), downWeight, gateUp: window(gateUp), y: window(y) }, variants),
      ),
  };
}
