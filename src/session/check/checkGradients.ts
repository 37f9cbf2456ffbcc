import { type Batch, batchFromIds } from '../../core/batch';
import { InputError } from '../../core/errors';
import { ProgramContext } from '../../model/context';
import { Engine } from '../../model/engine';
import { optimizerProgram, trainProgram } from '../../model/programs';
import { RotaryTableSet } from '../../model/rotary';
import { ModelTensors } from '../../model/tensors';
import { Stepper } from '../../training/stepper';
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
  const { config, weights, variants } = context;
  const plain = { ...config, ropeParameters: { rope_type: 'default' as const, rope_theta: config.ropeParameters.rope_theta } };
  const model = new ModelTensors(plain, rows * length);
  const rotary = new RotaryTableSet(plain, [length]);
  const program = trainProgram(new ProgramContext(model, rotary, variants, { rows, length }));
  const optimizer = optimizerProgram(model);
  const engine = await Engine.create(context.gpu, context.pipelines, [program, optimizer]);
  engine.write(model.optimizer.weights, model.layout.pack(weights));
  engine.write(model.optimizer.metrics, new Float32Array([0, 0, 1, 1]));
  for (const table of rotary.contents()) engine.write(table.tensor, table.values);
  const stepper = new Stepper(engine, model, optimizer);
  const close = () => {
    stepper.destroy();
    engine.destroy();
  };
  return { model, program, engine, stepper, close };
}
