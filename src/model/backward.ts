import { attentionDelta, flashBackwardDkv, flashBackwardDq } from '../kernels/attention';
import { matmulNn, matmulNt, matmulTn } from '../kernels/matmul';
import { ROWS_PER_BLOCK, rmsNormBackward } from '../kernels/norm';
import { swigluBackward } from '../kernels/projections';
import type { Tensor } from '../kernels/tensor';
import type { ProgramContext } from './context';
import { encodeNorm, encodeOutputProjection, encodeQkv, type KeptLayer, mlpChunks } from './forward';
import type { LayerParameters, Parameter } from './tensors';

interface NormGradients {
  role: string;
  parameter: Parameter;
  x: Tensor;
  dy: Tensor;
  dx: Tensor;
  accumulate: boolean;
}

/** Gradient of a norm into `dx` (added where the residual stream already holds one) and into its weight. */
export function encodeNormBackward(context: ProgramContext, { role, parameter, x, dy, dx, accumulate }: NormGradients): void {
  const [rows, stride] = x.shape;
  const rstd = context.tensor('rstd', [rows]);
  const partials = context.tensor('norm_partials', [Math.ceil(rows / ROWS_PER_BLOCK), stride]);
  const { hiddenSize: width, rmsNormEps: eps } = context.config;
  context.add(
    ...rmsNormBackward({
      role,
      x,
      weight: parameter.weight,
      width,
      eps,
      dy,
      dx,
      accumulate,
      rstd,
      partials,
      dweight: parameter.grad,
    }),
  );
}

/**
 * Backward through one layer. `dx` (M, D) is the gradient of the layer's output and becomes that of its input, in place: every
 * sub-block only adds to the residual stream's gradient. What was not kept is recomputed, never attention itself.
 */
export function encodeLayerBackward(
  context: ProgramContext,
  parameters: LayerParameters,
  layer: number,
  kept: KeptLayer,
  dx: Tensor,
): void {
  encodeMlpBackward(context, parameters, kept, dx);
  encodeAttentionBackward(context, parameters, layer, kept, dx);
}

function encodeMlpBackward(context: ProgramContext, parameters: LayerParameters, kept: KeptLayer, dx: Tensor): void {
  const { variants } = context;
  const { intermediate } = context.model.layout.padded;
  for (const window of mlpChunks(context)) {
    const dout = window(dx);
    const middle = encodeOutputProjection(context, parameters, window(kept.o), window(kept.x));
    const h = encodeNorm(context, 'post_attention_norm', parameters.postAttentionNorm, middle);
    const [rows] = h.shape;
    // Float32 also where the model is not: they become their own gradients.
    const gateUp = context.tensor('gate_up', [rows, 2 * intermediate]);
    const y = context.activation('mlp_act', [rows, intermediate]);
    const dh = context.tensor('dh', [...h.shape]);
    context.add(
      matmulNt({ role: 'gate_up_proj', a: h, b: parameters.gateUp.weight, c: gateUp }, variants),
      swigluBackward({ dout, downWeight: parameters.down.weight, gateUp, y }, variants),
      matmulTn({ role: 'down_proj', a: dout, b: y, c: parameters.down.grad }, variants),
      matmulTn({ role: 'gate_up_proj', a: gateUp, b: h, c: parameters.gateUp.grad }, variants),
      matmulNn({ role: 'gate_up_proj', a: gateUp, b: parameters.gateUp.weight, c: dh }, variants),
    );
    encodeNormBackward(context, {
      role: 'post_attention_norm',
      parameter: parameters.postAttentionNorm,
      x: middle,
      dy: dh,
      dx: dout,
      accumulate: true,
    });
  }
}

function encodeAttentionBackward(
  context: ProgramContext,
  parameters: LayerParameters,
  layer: number,
  kept: KeptLayer,
  dx: Tensor,
): void {
  const { m, hidden, attention: shape, scale, variants, queryWidth } = context;
  const { docBounds } = context.inputs;
  const { q: rotaryQ, k: rotaryK } = context.rotary.layer(context.shape.length, layer);
  const dO = context.tensor('d_o', [m, shape.queryHeads, shape.headDim]);
  const { softmax } = kept;
  const flatDo = { ...dO, shape: [m, queryWidth] };
  const flatO = { ...kept.o, shape: [m, queryWidth] };
  context.add(
    matmulNn({ role: 'o_proj', a: dx, b: parameters.o.weight, c: flatDo }, variants),
    matmulTn({ role: 'o_proj', a: dx, b: flatO, c: parameters.o.grad }, variants),
    attentionDelta({ o: kept.o, dO, softmax, shape }),
  );
  const { h, kv: qkv } = encodeQkv(context, parameters, layer, kept.x);
  const dqkv = context.tensor('dqkv', [...qkv.shape]);
  const flatDqkv = { ...dqkv, shape: [m, context.stackedHeads * shape.headDim] };
  const dh = context.tensor('dh', [m, hidden]);
  const operands = { qkv, dO, softmax, docBounds, rotaryQ, rotaryK, dqkv, shape, scale };
  context.add(
    flashBackwardDq(operands, variants),
    flashBackwardDkv(operands, variants),
    matmulTn({ role: 'qkv', a: flatDqkv, b: h, c: parameters.qkv.grad }, variants),
    matmulNn({ role: 'qkv', a: flatDqkv, b: parameters.qkv.weight, c: dh }, variants),
  );
  encodeNormBackward(context, { role: 'input_norm', parameter: parameters.inputNorm, x: kept.x, dy: dh, dx, accumulate: true });
}
