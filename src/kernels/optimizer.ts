import { type Dispatch, linearWorkgroups } from './dispatch';
import { LOSS_PARTIALS } from './loss';
import { expectShape, type Tensor } from './tensor';

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
  const { weights, gradients, moment1, moment2, metrics, lossPartials, squarePartials, decayed } = tensors;
  const count = weights.shape[0];
  for (const [name, tensor] of Object.entries({ gradients, moment1, moment2 })) expectShape('adamw', name, tensor, [count]);
  expectShape('step_finish', 'metrics', metrics, [METRIC_NAMES.length]);
  expectShape('step_finish', 'lossPartials', lossPartials, [LOSS_PARTIALS]);
  expectShape('step_finish', 'squarePartials', squarePartials, [SQUARE_PARTIALS]);
  return [
    {
      label: `square_sum.gradients[${count}]`,
      shader: 'square_sum',
      constants: { PARTIALS: SQUARE_PARTIALS },
      tensors: { gradients, partial_sums: squarePartials },
      params: { count4: count / 4 },
      workgroups: linearWorkgroups(SQUARE_PARTIALS),
      flops: 2 * count,
      bytes: 4 * count,
    },
    {
      label: 'step_finish.metrics[1]',
      shader: 'step_finish',
      constants: {},
      tensors: { loss_partials: lossPartials, square_partials: squarePartials, metrics },
      params: { loss_count4: LOSS_PARTIALS / 4, square_count4: SQUARE_PARTIALS / 4, max_grad_norm: 1 },
      workgroups: [1, 1, 1],
      flops: LOSS_PARTIALS + SQUARE_PARTIALS,
      bytes: 4 * (LOSS_PARTIALS + SQUARE_PARTIALS),
    },
    {
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
    },
  ];
}
