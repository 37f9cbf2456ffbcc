import { batchFromIds } from '../../core/batch';
import { parseHfRope } from '../../core/hfRope';
import { inverseFrequencies } from '../../core/positionEncoding';
import { matmulNt } from '../../kernels/matmul';
import { Program } from '../../kernels/program';
import type { Tensor } from '../../kernels/tensor';
import { ProgramContext } from '../../model/context';
import { encodeLayers, encodeLoss, encodeNorm } from '../../model/forward';
import { RotaryTableSet } from '../../model/rotary';
import { ModelTensors } from '../../model/tensors';
import { uploadBatch } from '../../model/upload';
import { openEngine } from '../openEngine';
import type { CheckContext, CheckedQuantity } from './check';
import { worstAbsolute, worstRelative } from './compare';
import type { GoldenForward } from './golden';

/** A single token's loss is a difference of logits and strays as they do; the mean loss has the tolerance of losses. */
const TOLERANCE = { frequencies: 1e-9, loss: 2e-5, tokenLoss: 1e-4, logits: 2e-4 };

/** Inverse frequencies, mean loss, loss by position and last logits of every case. */
export async function checkForward(context: CheckContext, golden: GoldenForward): Promise<CheckedQuantity[]> {
  const out: CheckedQuantity[] = [];
  for (const [name, expected] of Object.entries(golden.rope)) {
    const rope = golden.cases.find((candidate) => candidate.case === name)?.rope ?? {};
    const { ropeParameters, headDim } = withRope(context.config, rope);
    const { inverseFrequencies: actual, attentionFactor } = inverseFrequencies(ropeParameters, headDim, golden.ids[0].length);
    const quantity = `inverse frequencies, ${name}`;
    const error = Math.max(
      worstRelative(actual, expected.inv_freq, quantity),
      Math.abs(attentionFactor - expected.attention_factor),
    );
    out.push({ quantity, error, tolerance: TOLERANCE.frequencies });
  }
  for (const testCase of golden.cases) out.push(...(await checkCase(context, golden, testCase)));
  return out;
}

/** The model under another position encoding; the golden cases name only what they change. */
function withRope(config: CheckContext['config'], rope: Record<string, unknown>): CheckContext['config'] {
  return { ...config, ropeParameters: parseHfRope({ rope_theta: config.ropeParameters.rope_theta, rope_parameters: rope }) };
}

async function checkCase(
  context: CheckContext,
  golden: GoldenForward,
  testCase: GoldenForward['cases'][number],
): Promise<CheckedQuantity[]> {
  const config = withRope(context.config, testCase.rope);
  const batch = batchFromIds(golden.ids, golden.documents[testCase.documents]);
  const { rows, length } = batch;
  const model = new ModelTensors(config, rows * length);
  const rotary = new RotaryTableSet(config, [length]);
  const { program, tokenLoss, logits } = forwardProgram(new ProgramContext(model, rotary, context.variants, { rows, length }));
  const engine = await openEngine({ ...context, model, rotary, programs: [program] });
  try {
    uploadBatch(engine, model, batch, 1);
    engine.run(program);
    const [losses, allLogits] = await engine.read([tokenLoss, logits], program);
    context.count(program.dispatches.length);

    const stride = model.layout.padded.vocabulary;
    const last: number[] = [];
    const byPosition: number[] = [];
    let sum = 0;
    let weight = 0;
    for (let row = 0; row < rows; row++) {
      const end = ((row + 1) * length - 1) * stride;
      last.push(...allLogits.subarray(end, end + config.vocabSize));
      for (let i = row * length; i < (row + 1) * length - 1; i++) byPosition.push(losses[2 * i]);
    }
    batch.targetWeights.forEach((w, i) => {
      sum += w * losses[2 * i];
      weight += w;
    });
    const name = `${testCase.case}, documents ${testCase.documents}`;
    return [
      { quantity: `loss, ${name}`, error: Math.abs(sum / weight - testCase.loss), tolerance: TOLERANCE.loss },
      {
        quantity: `loss by position, ${name}`,
        error: worstAbsolute(byPosition, testCase.loss_by_position, 'loss_by_position'),
        tolerance: TOLERANCE.tokenLoss,
      },
      {
        quantity: `last logits, ${name}`,
        error: worstAbsolute(last, testCase.logits_last, 'logits_last'),
        tolerance: TOLERANCE.logits,
      },
    ];
  } finally {
    engine.destroy();
  }
}

/** The training path's forward pass and fused loss, and beside them the logits that it never keeps. */
function forwardProgram(context: ProgramContext): { program: Program; tokenLoss: Tensor; logits: Tensor } {
  const { model, m } = context;
  const h = encodeNorm(context, 'final_norm', model.finalNorm, encodeLayers(context).x);
  const { tokenLoss } = encodeLoss(context, h, false);
  const logits = context.tensor('all_logits', [m, model.layout.padded.vocabulary]);
  context.add(matmulNt({ role: 'lm_head', a: h, b: model.head.weight, c: logits }, context.variants));
  return { program: new Program('forward check', context.dispatches, [tokenLoss, logits]), tokenLoss, logits };
}
