import { ShapeError } from '../core/errors';
import type { AttentionShape } from './attentionShape';
import { type Dispatch, matrixTiles } from './dispatch';
import { checkWidths, matmulNnFamily, matmulNtFamily } from './matmul';
import { expectShape, type Tensor } from './tensor';
import { type VariantSet, variantOf } from './variants';

export interface QkvRotaryOptions {
  /** (batch·count, D) normalised input. */
  x: Tensor;
  /** ((N+2K)·H, D): query, key and value weights stacked. */
  weight: Tensor;
  /** (≥ T, H/2, 2) (cos, sin) tables. */
  rotaryQ: Tensor;
  rotaryK: Tensor;
  /** (batch·T, N+2K, H); T is the row's room, which in decoding is more than `count`. */
  qkv: Tensor;
  shape: AttentionShape;
  /** Position of the first input token of every row, and tokens per row; default the whole row. */
  first?: number;
  count?: number;
}

/** Query, key and value projections with rotary embedding. FLOPs 2·M·(N+2K)·H·D. */
export function qkvRotary(options: QkvRotaryOptions, variants: VariantSet): Dispatch {
  const { x, weight, rotaryQ, rotaryK, qkv, shape } = options;
  const [m, k] = x.shape;
  const variant = variantOf(matmulNtFamily, variants);
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
  expectShape('qkv_rotary', 'qkv', qkv, [batch * length, heads, headDim]);
  return {
    label: `qkv_rotary.attention[${m}x${width}x${k}]`,
    shader: 'qkv_rotary',
    constants: variant.constants,
    tensors: { a: x, b: weight, rotary_q: rotaryQ, rotary_k: rotaryK, c: qkv },
    params: {
      m,
      k,
      query_heads: queryHeads,
      key_value_heads: keyValueHeads,
      head_dim: headDim,
      length,
      first: options.first ?? 0,
      count,
    },
    workgroups: matrixTiles(m, width, variant),
    flops: 2 * m * width * k,
    bytes: 4 * (m * k + width * k + m * width),
  };
}

/** y (M, F) = silu(x·Wgᵀ) · (x·Wuᵀ) with weight (2F, D): gate rows, then up rows. */
export function swigluForward({ x, weight, y }: { x: Tensor; weight: Tensor; y: Tensor }, variants: VariantSet): Dispatch {
  const [m, k] = x.shape;
  const variant = variantOf(matmulNtFamily, variants);
  const f = y.shape[1];
  checkWidths('swiglu_forward', { f, k });
  expectShape('swiglu_forward', 'weight', weight, [2 * f, k]);
  expectShape('swiglu_forward', 'y', y, [m, f]);
  return {
    label: `swiglu_forward.mlp[${m}x${2 * f}x${k}]`,
    shader: 'swiglu_forward',
    constants: variant.constants,
    tensors: { a: x, b: weight, y },
    params: { m, f, k },
    workgroups: matrixTiles(m, 2 * f, variant),
    flops: 4 * m * f * k,
    bytes: 4 * (m * k + 2 * f * k + m * f),
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
  const variant = variantOf(matmulNnFamily, variants);
  const f = y.shape[1];
  checkWidths('swiglu_backward', { f, k });
  expectShape('swiglu_backward', 'downWeight', downWeight, [k, f]);
  expectShape('swiglu_backward', 'gateUp', gateUp, [m, 2 * f]);
  expectShape('swiglu_backward', 'y', y, [m, f]);
  return {
    label: `swiglu_backward.mlp[${m}x${f}x${k}]`,
    shader: 'swiglu_backward',
    constants: variant.constants,
    tensors: { a: dout, b: downWeight, gate_up: gateUp, y },
    params: { m, f, k },
    workgroups: matrixTiles(m, f, variant),
    flops: 2 * m * f * k,
    bytes: 4 * (m * k + f * k + 5 * m * f),
  };
}
