import { type Dispatch, equalRanges, linearWorkgroups, partOf } from './dispatch';
import { LOSS_PARTIALS } from './loss';
import { expectShape, rowAlignment, rowsOf, type Tensor } from './tensor';

/** Slots of the fixed-order sum of squared gradients. */
export const SQUARE_PARTIALS = 1024;

/** What `step_finish` leaves in the metrics tensor, in order. */
export const METRIC_NAMES = ['loss', 'gradNorm', 'clip', 'finite'] as const;

export interface OptimizerTensors {
  /** Flat parameter buffers of one length, a multiple of 4. */
  weights: Tensor;
  gradients: Tensor;
  moment1: Tensor;
  moment2: Tensor;
  /** (METRIC_NAMES.length). */
  metrics: Tensor;
  lossPartials: Tensor;
  squarePartials: Tensor;
  /** Elements at the front of the buffer that decay. */
  decayed: number;
}

/** Clip and update: sum of squares, finish, AdamW. The step's own values (learning rate, corrections) are parameters rewritten per step. */
export function optimizerStep(tensors: OptimizerTensors): Dispatch[] {
  const { weights, gradients, moment1, moment2, metrics, lossPartials, squarePartials } = tensors;
  const count = weights.shape[0];
  for (const [name, tensor] of Object.entries({ gradients, moment1, moment2 })) expectShape('adamw', name, tensor, [count]);
  expectShape('step_finish', 'metrics', metrics, [METRIC_NAMES.length]);
  expectShape('step_finish', 'lossPartials', lossPartials, [LOSS_PARTIALS]);
  expectShape('step_finish', 'squarePartials', squarePartials, [SQUARE_PARTIALS, 4]);
  return [
    squareSum(gradients, squarePartials, false),
    {
      label: 'step_finish.metrics[1]',
      shader: 'step_finish',
      constants: {},
      tensors: { loss_partials: lossPartials, square_partials: squarePartials, metrics },
      params: { loss_count4: LOSS_PARTIALS / 4, square_count4: SQUARE_PARTIALS, max_grad_norm: 1 },
      workgroups: [1, 1, 1],
      flops: LOSS_PARTIALS + 4 * SQUARE_PARTIALS,
      bytes: 4 * (LOSS_PARTIALS + 4 * SQUARE_PARTIALS),
    },
    adamw(tensors),
  ];
}

function squareSum(gradients: Tensor, partials: Tensor, resume: boolean): Dispatch {
  const count = gradients.shape[0];
  return {
    label: `square_sum.gradients[${count}]`,
    shader: 'square_sum',
    constants: { PARTIALS: SQUARE_PARTIALS },
    tensors: { gradients, partial_sums: partials },
    params: { count4: count / 4, resume: Number(resume) },
    workgroups: linearWorkgroups(SQUARE_PARTIALS),
    flops: 2 * count,
    bytes: 4 * count,
    split: (pieces) => {
      const ranges = equalRanges(count, pieces, 4 * SQUARE_PARTIALS);
      return ranges.map(([first, end], i) =>
        partOf(squareSum(rowsOf(gradients, first, end - first), partials, resume || i > 0), i, ranges.length),
      );
    },
  };
}

function adamw(tensors: OptimizerTensors): Dispatch {
  const { weights, gradients, moment1, moment2, metrics, decayed } = tensors;
  const count = weights.shape[0];
  return {
    label: `adamw.weights[${count}]`,
    shader: 'adamw',
    constants: {},
    tensors: { weights, gradients, moment1, moment2, metrics },
    params: {
      count4: count / 4,
      decayed4: decayed / 4,
      learning_rate: 0,
      beta1: 0,
      beta2: 0,
      eps: 1,
      weight_decay: 0,
      correction1: 1,
      correction2: 1,
    },
    workgroups: linearWorkgroups(count / 4),
    flops: 15 * count,
    bytes: 28 * count,
    split: (pieces) => {
      const ranges = equalRanges(count, pieces, rowAlignment(weights));
      return ranges.map(([first, end], i) => {
        const window = (tensor: Tensor) => rowsOf(tensor, first, end - first);
        const piece = adamw({
          ...tensors,
          weights: window(weights),
          gradients: window(gradients),
          moment1: window(moment1),
          moment2: window(moment2),
          decayed: Math.min(end - first, Math.max(0, decayed - first)),
        });
        return partOf(piece, i, ranges.length);
      });
    },
  };
}
