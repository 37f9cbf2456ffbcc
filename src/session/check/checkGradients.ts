import { type Batch, batchFromIds } from '../../core/batch';
import { InputError } from '../../core/errors';
import type { ModelConfig } from '../../core/modelConfig';
import { ProgramContext } from '../../model/context';
import { optimizerProgram, trainProgram } from '../../model/programs';
import { RotaryTableSet } from '../../model/rotary';
import { ModelTensors } from '../../model/tensors';
import { Stepper } from '../../training/stepper';
import { openEngine } from '../openEngine';
import type { CheckContext, CheckedQuantity } from './check';
import { relativeL2 } from './compare';
import type { GoldenGradients } from './golden';

const TOLERANCE = { loss: 2e-5, gradient: 5e-5 };

/** Loss and the gradient of every tensor: its norm, and its listed values. */
export async function checkGradients(context: CheckContext, golden: GoldenGradients): Promise<CheckedQuantity[]> {
  const batch = batchFromIds(golden.ids, golden.documents);
  const run = await openTraining(context, batch);
  try {
    // A learning rate of zero leaves the weights; gradients are read before anything clears them.
    const settings = { learningRate: 0, betas: [0.9, 0.95] as const, eps: 1e-8, weightDecay: 0, maxGradNorm: 1 };
    const { metrics } = await run.stepper.submit(run.program, [batch], settings, 1);
    const { loss } = await metrics;
    const [flat] = await run.engine.read([run.model.optimizer.gradients]);
    context.count(run.program.dispatches.length);
    const gradients = run.model.layout.unpack(flat);
    const out: CheckedQuantity[] = [
      { quantity: 'training loss', error: Math.abs(loss - golden.loss), tolerance: TOLERANCE.loss },
    ];
    for (const [name, expected] of Object.entries(golden.gradients)) {
      const actual = gradients.get(name);
      if (!actual)
        throw new InputError('golden gradients', `tensors of this checkpoint`, name, 'use the checkpoint they were made with');
      const norm = Math.sqrt(actual.reduce((sum, g) => sum + g * g, 0));
      const listed = [...actual.slice(0, expected.first.length), ...actual.slice(actual.length - expected.last.length)];
      out.push(
        {
          quantity: `gradient norm, ${name}`,
          error: Math.abs(norm - expected.norm) / expected.norm,
          tolerance: TOLERANCE.gradient,
        },
        {
          quantity: `gradient, ${name}`,
          error: relativeL2(listed, [...expected.first, ...expected.last], expected.norm, name),
          tolerance: TOLERANCE.gradient,
        },
      );
    }
    return out;
  } finally {
    run.close();
  }
}

/** A training program for batches of this shape with the checkpoint's weights in place. */
export async function openTraining(context: CheckContext, { rows, length }: Batch) {
  const config = withDefaultRope(context.config);
  const model = new ModelTensors(config, rows * length);
  const rotary = new RotaryTableSet(config, [length]);
  const program = trainProgram(new ProgramContext(model, rotary, context.variants, { rows, length }));
  const optimizer = optimizerProgram(model);
  const engine = await openEngine({ ...context, model, rotary, programs: [program, optimizer] });
  engine.write(model.optimizer.metrics, new Float32Array([0, 0, 1, 1]));
  const stepper = new Stepper(engine, model, optimizer);
  const close = () => {
    stepper.destroy();
    engine.destroy();
  };
  return { model, program, engine, stepper, close };
}

/** All golden files but `forward.json` are made under plain rotary with the config's base. */
export function withDefaultRope(config: ModelConfig): ModelConfig {
  return { ...config, ropeParameters: { rope_type: 'default', rope_theta: config.ropeParameters.rope_theta } };
}
