import { batchFromIds } from '../../core/batch';
import type { CheckContext, CheckedQuantity } from './check';
import { openTraining } from './checkGradients';
import type { GoldenTrain } from './golden';

const TOLERANCE = { loss: 5e-5, gradNorm: 5e-5 };

/** Loss before, and gradient norm of, each of the golden AdamW steps. */
export async function checkTraining(context: CheckContext, golden: GoldenTrain): Promise<CheckedQuantity[]> {
  const { lr, betas, eps, weight_decay, clip } = golden.optimizer;
  const settings = { learningRate: lr, betas, eps, weightDecay: weight_decay, maxGradNorm: clip };
  const run = await openTraining(context, batchFromIds(golden.batches[0]));
  const out: CheckedQuantity[] = [];
  try {
    for (const [i, ids] of golden.batches.entries()) {
      const { metrics } = await run.stepper.submit(run.program, [batchFromIds(ids)], settings, i + 1);
      const { loss, gradNorm } = await metrics;
      context.count(run.program.dispatches.length);
      const expected = golden.steps[i];
      out.push(
        { quantity: `training loss, step ${i + 1}`, error: Math.abs(loss - expected.loss), tolerance: TOLERANCE.loss },
        {
          quantity: `gradient norm, step ${i + 1}`,
          error: Math.abs(gradNorm - expected.grad_norm) / expected.grad_norm,
          tolerance: TOLERANCE.gradNorm,
        },
      );
    }
    return out;
  } finally {
    run.close();
  }
}
