import { embeddingBackward } from '../kernels/embedding';
import { lossSum } from '../kernels/loss';
import { matmulNt } from '../kernels/matmul';
import { optimizerStep } from '../kernels/optimizer';
import type { Pace } from '../kernels/pace';
import { Program } from '../kernels/program';
import type { Tensor } from '../kernels/tensor';
import { encodeLayerBackward, encodeNormBackward } from './backward';
import type { ProgramContext } from './context';
import { type AttentionMoment, encodeLayers, encodeLoss, encodeNorm } from './forward';
import type { ModelTensors } from './tensors';

/** Forward, loss and backward of one micro-batch; gradients and loss are added to what earlier micro-batches left. */
export function trainProgram(context: ProgramContext): Program {
  const { model, inputs, config } = context;
  const { x, kept } = encodeLayers(context);
  const h = encodeNorm(context, 'final_norm', model.finalNorm, x);
  const { tokenLoss, dh } = encodeLoss(context, h, true);
  context.add(lossSum({ tokenLoss, targetWeight: inputs.targetWeight, partials: model.optimizer.lossPartials }));
  const dx = context.tensor('dx', [context.m, context.hidden]);
  encodeNormBackward(context, { role: 'final_norm', parameter: model.finalNorm, x, dy: dh, dx, accumulate: false });
  for (let layer = kept.length - 1; layer >= 0; layer--)
    encodeLayerBackward(context, model.layers[layer], layer, kept[layer], dx);
  const { tokenOrder, tokenStart } = inputs;
  context.add(embeddingBackward({ tokenOrder, tokenStart, dx, dweight: model.embedding.grad, vocabulary: config.vocabSize }));
  return context.program('train');
}

/** Gradient norm, clip and AdamW on the accumulated gradients. */
export function optimizerProgram(model: ModelTensors, pace?: Pace): Program {
  return new Program('optimizer', optimizerStep(model.optimizer), [], pace);
}

/** Per-token losses without gradients. `tokenLoss` is (M, 2): nats, and 1 where the target was the most likely token. */
export function evaluateProgram(context: ProgramContext): { program: Program; tokenLoss: Tensor } {
  const { x } = encodeLayers(context);
  const h = encodeNorm(context, 'final_norm', context.model.finalNorm, x);
  const { tokenLoss } = encodeLoss(context, h, false);
  return { program: context.program('evaluate', [tokenLoss]), tokenLoss };
}

/** Logits of every position, (M, V): for checks and short prompts only, since they take M · V values. */
export function logitsProgram(context: ProgramContext): { program: Program; logits: Tensor } {
  const { x } = encodeLayers(context);
  const h = encodeNorm(context, 'final_norm', context.model.finalNorm, x);
  const logits = context.tensor('logits', [context.m, context.model.layout.padded.vocabulary], 'loss chunk');
  context.add(matmulNt({ role: 'lm_head', a: h, b: context.model.head.weight, c: logits }, context.variants));
  return { program: context.program('logits', [logits]), logits };
}

/** The layers with a probe after each attention; the probe says which tensors the host will read. */
export function attentionProgram(context: ProgramContext, probe: (moment: AttentionMoment) => Tensor[]): Program {
  const outputs: Tensor[] = [];
  encodeLayers(context, (moment) => outputs.push(...probe(moment)));
  return context.program('attention', outputs);
}
