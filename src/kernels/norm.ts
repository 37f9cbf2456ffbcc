import { type Dispatch, linearWorkgroups } from './dispatch';
import { checkWidths } from './matmul';
import { expectShape, type Tensor } from './tensor';

/** Rows that one partial sum of a norm weight's gradient covers. */
export const ROWS_PER_BLOCK = 64;

interface NormOperands {
  role: string;
  /** (M, stride). */
  x: Tensor;
  /** (stride). */
  weight: Tensor;
  /** True width that the mean divides by; the rest of the stride is zero padding. */
  width: number;
  eps: number;
}

/** y = x · weight / rms(x), row by row. */
export function rmsNormForward({ role, x, weight, y, width, eps }: NormOperands & { y: Tensor }): Dispatch {
  const [rows, stride] = x.shape;
  checkWidths('rms_norm_forward', { stride });
  expectShape('rms_norm_forward', 'weight', weight, [stride]);
  expectShape('rms_norm_forward', 'y', y, [rows, stride]);
  return {
    label: `rms_norm_forward.${role}[${rows}x${stride}]`,
    shader: 'rms_norm_forward',
    constants: {},
    tensors: { x, weight, y },
    params: { rows, width, stride, eps },
    workgroups: linearWorkgroups(rows),
    flops: 5 * rows * stride,
    bytes: 8 * rows * stride,
  };
}

interface NormBackwardOperands extends NormOperands {
  dy: Tensor;
  /** (M, stride); added to when `accumulate`, else overwritten. */
  dx: Tensor;
  accumulate: boolean;
  /** (M) out. */
  rstd: Tensor;
  /** (ceil(M / ROWS_PER_BLOCK), stride) scratch. */
  partials: Tensor;
  /** (stride), accumulated. */
  dweight: Tensor;
}

/** dx and dweight of a norm: three dispatches, since the weight's sum runs over rows in two fixed-order halves. */
export function rmsNormBackward(operands: NormBackwardOperands): Dispatch[] {
  const { role, x, weight, width, eps, dy, dx, accumulate, rstd, partials, dweight } = operands;
  const [rows, stride] = x.shape;
  const blocks = Math.ceil(rows / ROWS_PER_BLOCK);
  checkWidths('rms_norm_backward', { stride });
  expectShape('rms_norm_backward', 'dy', dy, [rows, stride]);
  expectShape('rms_norm_backward', 'dx', dx, [rows, stride]);
  expectShape('rms_norm_backward', 'rstd', rstd, [rows]);
  expectShape('rms_norm_backward', 'partials', partials, [blocks, stride]);
  expectShape('rms_norm_backward', 'dweight', dweight, [stride]);
  return [
    {
      label: `rms_norm_backward.${role}[${rows}x${stride}]`,
      shader: 'rms_norm_backward',
      constants: { ACCUMULATE: accumulate },
      tensors: { x, weight, dy, dx, rstd },
      params: { rows, width, stride, eps },
      workgroups: linearWorkgroups(rows),
      flops: 10 * rows * stride,
      bytes: 4 * rows * stride * (accumulate ? 4 : 3),
    },
    {
      label: `rms_norm_backward_weight.${role}[${rows}x${stride}]`,
      shader: 'rms_norm_backward_weight',
      constants: { ROWS_PER_BLOCK },
      tensors: { x, dy, rstd, partial_sums: partials },
      params: { rows, stride, blocks },
      workgroups: linearWorkgroups((blocks * stride) / 4),
      flops: 3 * rows * stride,
      bytes: 8 * rows * stride,
    },
    {
      label: `column_sum.${role}[${blocks}x${stride}]`,
      shader: 'column_sum',
      constants: {},
      tensors: { partial_sums: partials, y: dweight },
      params: { stride, blocks },
      workgroups: linearWorkgroups(stride / 4),
      flops: blocks * stride,
      bytes: 4 * (blocks + 2) * stride,
    },
  ];
}
