import { flashForward } from '../kernels/attention';
import { flashDecode } from '../kernels/decode';
import { equalRanges } from '../kernels/dispatch';
import { embeddingForward } from '../kernels/embedding';
import { toHalf } from '../kernels/half';
import { crossEntropy, lossChunkRows } from '../kernels/loss';
import { matmulNn, matmulNt, matmulTn } from '../kernels/matmul';
import { ROWS_PER_BLOCK, rmsNormForward } from '../kernels/norm';
import { qkvRotary, swigluForward } from '../kernels/projections';
import { BYTES_PER_ELEMENT, rowsOf, type Tensor } from '../kernels/tensor';
import type { ProgramContext } from './context';
import type { LayerParameters, Parameter } from './tensors';

/** What the backward pass keeps of a layer (activation checkpointing): its input, the attention output and the log-sum-exp. */
export interface KeptLayer {
  /** (M, D) input of the layer. */
  x: Tensor;
  /** (M, N, H). */
  o: Tensor;
  /** (M, N, 2): log-sum-exp, and in the backward pass delta. */
  softmax: Tensor;
}

/** What a probe may look at right after a layer's attention. */
export interface AttentionMoment {
  layer: number;
  qkv: Tensor;
  softmax: Tensor;
}

/** Embedding and all layers. Returns the residual stream after the last one, and what each layer kept. */
export function encodeLayers(
  context: ProgramContext,
  onAttention?: (moment: AttentionMoment) => void,
): { x: Tensor; kept: KeptLayer[] } {
  const { optimizer, halfWeights } = context.model;
  // In generation the weights do not change from one token to the next.
  if (halfWeights && !context.options.cache) context.add(toHalf({ role: 'weights', x: optimizer.weights, y: halfWeights }));
  let x = context.activation('x0', [context.m, context.hidden], 'kept activations');
  const { ids } = context.inputs;
  context.add(embeddingForward({ ids, weight: context.model.embedding.weight, x, vocabulary: context.config.vocabSize }));
  const kept: KeptLayer[] = [];
  context.model.layers.forEach((parameters, layer) => {
    const { o, softmax, kv: qkv } = encodeAttention(context, parameters, layer, x);
    onAttention?.({ layer, qkv, softmax });
    const middle = encodeOutputProjection(context, parameters, o, x);
    const next = encodeMlp(context, parameters, layer, middle);
    kept.push({ x, o, softmax });
    x = next;
  });
  return { x, kept };
}

/** RMS norm of the residual stream into a new tensor. */
export function encodeNorm(context: ProgramContext, role: string, parameter: Parameter, x: Tensor): Tensor {
  const y = context.activation(role, [...x.shape]);
  const { hiddenSize, rmsNormEps } = context.config;
  context.add(rmsNormForward({ role, x, weight: parameter.weight, y, width: hiddenSize, eps: rmsNormEps }));
  return y;
}

/** Normalised input, and q, k, v with rotary applied; the backward pass calls it again to recompute them. */
export function encodeQkv(
  context: ProgramContext,
  parameters: LayerParameters,
  layer: number,
  x: Tensor,
): { h: Tensor; q: Tensor; kv: Tensor } {
  const h = encodeNorm(context, 'input_norm', parameters.inputNorm, x);
  const { attention: shape, count, stackedHeads, m, options } = context;
  const { q: rotaryQ, k: rotaryK } = context.rotary.layer(context.shape.length, layer);
  const { weight } = parameters.qkv;
  const cache = options.cache?.[layer];
  // Training keeps the three side by side in one tensor; a cache has no use for queries.
  const kv = cache ?? context.activation('qkv', [m, stackedHeads, shape.headDim]);
  const q = cache ? context.activation('q', [m, shape.queryHeads, shape.headDim]) : kv;
  context.add(qkvRotary({ x: h, weight, rotaryQ, rotaryK, qkv: kv, q: cache && q, shape, count }, context.variants));
  return { h, q, kv };
}

function encodeAttention(context: ProgramContext, parameters: LayerParameters, layer: number, x: Tensor) {
  const { q, kv } = encodeQkv(context, parameters, layer, x);
  const { attention: shape, scale, count: queryCount, m, inputs, options } = context;
  const o = context.activation('o', [m, shape.queryHeads, shape.headDim], 'kept activations');
  const softmax = context.tensor('softmax', [m, shape.queryHeads, 2], 'kept activations');
  if (options.cache && m === 1) context.add(...flashDecode({ q, kv, o, shape, scale }));
  else {
    // Over a cache the last queries are planned for, which see the most; the position is set from call to call.
    const firstQuery = shape.length - queryCount;
    const operands = { q, kv, docBounds: inputs.docBounds, o, softmax, shape, scale, firstQuery, queryCount };
    context.add(flashForward(operands, context.variants));
  }
  return { kv, o, softmax };
}

/** x + o·Woᵀ: the residual stream between attention and MLP. */
export function encodeOutputProjection(context: ProgramContext, parameters: LayerParameters, o: Tensor, x: Tensor): Tensor {
  const middle = context.activation('x_middle', [...x.shape]);
  const flat = { ...o, shape: [x.shape[0], context.queryWidth] };
  context.add(matmulNt({ role: 'o_proj', a: flat, b: parameters.o.weight, c: middle, residual: x }, context.variants));
  return middle;
}

function encodeMlp(context: ProgramContext, parameters: LayerParameters, layer: number, middle: Tensor): Tensor {
  const next = context.activation(`x${layer + 1}`, [...middle.shape], 'kept activations');
  for (const window of mlpChunks(context)) {
    const h = encodeNorm(context, 'post_attention_norm', parameters.postAttentionNorm, window(middle));
    const y = context.activation('mlp_act', [h.shape[0], context.model.layout.padded.intermediate]);
    context.add(
      swigluForward({ x: h, weight: parameters.gateUp.weight, y }, context.variants),
      matmulNt(
        { role: 'down_proj', a: y, b: parameters.down.weight, c: window(next), residual: window(middle) },
        context.variants,
      ),
    );
  }
  return next;
}

/** Bytes that gate and up of one chunk may take in the backward pass. */
const MLP_CHUNK_BYTES = 2 ** 26;

/**
 * The MLP works on tokens one by one, so long rows go through it in chunks: its tensors are the widest of all, and nothing of them is
 * kept. @returns for each chunk, the window on its rows.
 */
export function mlpChunks(context: ProgramContext): ((tensor: Tensor) => Tensor)[] {
  const rowBytes = 2 * context.model.layout.padded.intermediate * BYTES_PER_ELEMENT;
  const chunks = Math.ceil((context.m * rowBytes) / MLP_CHUNK_BYTES);
  return equalRanges(context.m, chunks, ROWS_PER_BLOCK).map(
    ([first, end]) =>
      (tensor) =>
        rowsOf(tensor, first, end - first),
  );
}

/**
 * Linear layer and cross-entropy, chunk by chunk, so that full logits never exist.
 * @returns token losses (M, 2) and, with `backward`, the gradient of `h`, in its place where it is float32; the head's is accumulated.
 */
export function encodeLoss(context: ProgramContext, h: Tensor, backward: boolean): { tokenLoss: Tensor; dh: Tensor } {
  const { head, layout } = context.model;
  const { targets, targetWeight } = context.inputs;
  const tokenLoss = context.tensor('token_loss', [context.m, 2]);
  const dh = backward && h.half ? context.tensor('dh', [...h.shape]) : h;
  const chunk = lossChunkRows(context.m, context.hidden, layout.padded.vocabulary);
  for (let first = 0; first < context.m; first += chunk) {
    const rows = Math.min(chunk, context.m - first);
    const hidden = rowsOf(h, first, rows);
    const logits = context.tensor('logits', [rows, layout.padded.vocabulary], 'loss chunk');
    context.add(
      matmulNt({ role: 'lm_head', a: hidden, b: head.weight, c: logits }, context.variants),
      crossEntropy({
        logits,
        targets: rowsOf(targets, first, rows),
        targetWeight: rowsOf(targetWeight, first, rows),
        tokenLoss: rowsOf(tokenLoss, first, rows),
        vocabulary: context.config.vocabSize,
        backward,
      }),
    );
    if (backward)
      context.add(
        matmulTn({ role: 'lm_head', a: logits, b: hidden, c: head.grad }, context.variants),
        // The chunk's hidden states are used up, so their gradient may take their place.
        matmulNn({ role: 'lm_head', a: logits, b: head.weight, c: rowsOf(dh, first, rows) }, context.variants),
      );
  }
  return { tokenLoss, dh };
}
