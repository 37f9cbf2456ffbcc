import { type Dispatch, equalRanges, linearWorkgroups, partOf, rowPieces, scalarTypes } from './dispatch';
import { checkWidths } from './matmul';
import { expectShape, rowAlignment, rowsOf, type Tensor, tensorBytes } from './tensor';

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
export function rmsNormForward(operands: NormOperands & { y: Tensor }): Dispatch {
  const { role, x, weight, y, width, eps } = operands;
  const [rows, stride] = x.shape;
  checkWidths('rms_norm_forward', { stride });
  expectShape('rms_norm_forward', 'weight', weight, [stride]);
  expectShape('rms_norm_forward', 'y', y, [rows, stride]);
  return {
    label: `rms_norm_forward.${role}[${rows}x${stride}]`,
    shader: 'rms_norm_forward',
    constants: { ...scalarTypes({ x, y }), HALF: Boolean(y.half) },
    tensors: { x, weight, y },
    params: { rows, width, stride, eps },
    workgroups: linearWorkgroups(rows),
    flops: 5 * rows * stride,
    bytes: tensorBytes(x) + tensorBytes(y),
    split: (pieces) => rowPieces([x, y], pieces, (window) => rmsNormForward({ ...operands, x: window(x), y: window(y) })),
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
  const { role, x, dy, dx, rstd, partials, dweight } = operands;
  const [rows, stride] = x.shape;
  const blocks = Math.ceil(rows / ROWS_PER_BLOCK);
  checkWidths('rms_norm_backward', { stride });
  expectShape('rms_norm_backward', 'dy', dy, [rows, stride]);
  expectShape('rms_norm_backward', 'dx', dx, [rows, stride]);
  expectShape('rms_norm_backward', 'rstd', rstd, [rows]);
  expectShape('rms_norm_backward', 'partials', partials, [blocks, stride]);
  expectShape('rms_norm_backward', 'dweight', dweight, [stride]);
  return [
    inputGradient(operands),
    weightPartials(operands),
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

function inputGradient(operands: NormBackwardOperands): Dispatch {
  const { role, x, weight, width, eps, dy, dx, accumulate, rstd } = operands;
  const [rows, stride] = x.shape;
  return {
    label: `rms_norm_backward.${role}[${rows}x${stride}]`,
    shader: 'rms_norm_backward',
    constants: { ...scalarTypes({ x }), ACCUMULATE: accumulate },
    tensors: { x, weight, dy, dx, rstd },
    params: { rows, width, stride, eps },
    workgroups: linearWorkgroups(rows),
    flops: 10 * rows * stride,
    bytes: tensorBytes(x) + 4 * rows * stride * (accumulate ? 3 : 2),
    split: (pieces) =>
      rowPieces([x, dy, dx, rstd], pieces, (window) =>
        inputGradient({ ...operands, x: window(x), dy: window(dy), dx: window(dx), rstd: window(rstd) }),
      ),
  };
}

/** Sums of ROWS_PER_BLOCK rows each, so a cut must leave blocks whole. */
function weightPartials(operands: NormBackwardOperands): Dispatch {
  const { role, x, dy, rstd, partials } = operands;
  const [rows, stride] = x.shape;
  const blocks = partials.shape[0];
  return {
    label: `rms_norm_backward_weight.${role}[${rows}x${stride}]`,
    shader: 'rms_norm_backward_weight',
    constants: { ...scalarTypes({ x }), ROWS_PER_BLOCK },
    tensors: { x, dy, rstd, partial_sums: partials },
    params: { rows, stride, blocks },
    workgroups: linearWorkgroups((blocks * stride) / 4),
    flops: 3 * rows * stride,
    bytes: tensorBytes(x) + 4 * rows * stride,
    split: (pieces) => {
      const unit = ROWS_PER_BLOCK * rowAlignment(partials);
      const ranges = equalRanges(rows, pieces, unit);
      return ranges.map(([first, end], i) => {
        const window = (tensor: Tensor) => rowsOf(tensor, first, end - first);
        const sums = rowsOf(partials, first / ROWS_PER_BLOCK, Math.ceil((end - first) / ROWS_PER_BLOCK));
        const piece = weightPartials({ ...operands, x: window(x), dy: window(dy), rstd: window(rstd), partials: sums });
        return partOf(piece, i, ranges.length);
      });
    },
  };
}
