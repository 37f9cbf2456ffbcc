/**
 * A whole Llama model in float64 from the pieces beside it: forward, loss, and the gradient of every weight under its Hugging Face name.
 * Everything is kept, nothing recomputed. Letters: M = B * T tokens, D hidden, N query heads, K kv heads, H head dim, F feed-forward,
 * V vocabulary.
 */
import { type Batch, targetWeightSum } from '../core/batch';
import type { ModelConfig } from '../core/modelConfig';
import { rotaryTables } from '../core/positionEncoding';
import { type AttentionProblem, attentionBackward, attentionForward } from './attention';
import { crossEntropy } from './crossEntropy';
import { embeddingBackward, embeddingForward } from './embedding';
import { matmulNN, matmulNT, matmulTN } from './matmul';
import { rmsNormBackward, rmsNormForward } from './rmsNorm';
import { rotaryBackward, rotaryForward } from './rotary';
import { swigluBackward, swigluForward } from './swiglu';

export type Weights = ReadonlyMap<string, Float64Array>;

/** What one layer computed, in order. */
export interface LayerActivations {
  /** Input of the layer, (M, D). */
  residPre: Float64Array;
  /** After the first norm, (M, D). */
  attnInput: Float64Array;
  /** q, k (after rotary) and v, with everything else `attention.ts` and `attentionStatistics.ts` take. */
  attention: AttentionProblem;
  /** (M, N * H) */
  o: Float64Array;
  /** After attention was added, (M, D). */
  residMid: Float64Array;
  /** After the second norm, (M, D). */
  mlpInput: Float64Array;
  /** (M, F) */
  gate: Float64Array;
  up: Float64Array;
}

export interface ModelForward {
  /** This batch's part of the step's loss: weighted sum over its tokens / total weight. */
  loss: number;
  /** -log p(target) of each token, unweighted, (M). */
  losses: Float64Array;
  /** (M, V) */
  logits: Float64Array;
  dlogits: Float64Array;
  layers: LayerActivations[];
  /** Input and output of the last norm, (M, D). */
  residPost: Float64Array;
  hidden: Float64Array;
}

/** `totalWeight` is the target weight of the whole step where this batch is one of several micro-batches. */
export function modelForward(
  config: ModelConfig,
  weights: Weights,
  batch: Batch,
  totalWeight = targetWeightSum([batch]),
): ModelForward {
  const { hiddenSize: D, vocabSize: V, rmsNormEps: eps } = config;
  const M = batch.ids.length;
  const layers: LayerActivations[] = [];
  let x: Float64Array = embeddingForward(batch.ids, weights.get('model.embed_tokens.weight')!, D);
  for (let i = 0; i < config.numHiddenLayers; i++) {
    const layer = layerForward(config, weights, batch, i, x);
    layers.push(layer.activations);
    x = layer.residPost;
  }
  const hidden = rmsNormForward(x, weights.get('model.norm.weight')!, eps);
  const logits = matmulNT(hidden, headOf(config, weights), M, V, D);
  const { loss, losses, dlogits } = crossEntropy(logits, batch.targets, batch.targetWeights, 1 / totalWeight);
  return { loss, losses, logits, dlogits, layers, residPost: x, hidden };
}

/** Gradients of `forward.loss`, same names and shapes as the weights. */
export function modelBackward(
  config: ModelConfig,
  weights: Weights,
  batch: Batch,
  forward: ModelForward,
): Map<string, Float64Array> {
  const { hiddenSize: D, vocabSize: V, rmsNormEps: eps } = config;
  const M = batch.ids.length;
  const grads = new Map<string, Float64Array>();
  const dhead = matmulTN(forward.dlogits, forward.hidden, V, D, M);
  const dhidden = matmulNN(forward.dlogits, headOf(config, weights), M, D, V);
  const norm = rmsNormBackward(forward.residPost, weights.get('model.norm.weight')!, dhidden, eps);
  grads.set('model.norm.weight', norm.dweight);
  let dx: Float64Array = norm.dx;
  for (let i = config.numHiddenLayers - 1; i >= 0; i--) dx = layerBackward(config, weights, i, forward.layers[i], dx, grads);
  const dembed = embeddingBackward(batch.ids, dx, V, D);
  if (config.tieWordEmbeddings) addInto(dembed, dhead);
  else grads.set('lm_head.weight', dhead);
  return grads.set('model.embed_tokens.weight', dembed);
}

function layerForward(config: ModelConfig, weights: Weights, batch: Batch, layer: number, residPre: Float64Array) {
  const { hiddenSize: D, intermediateSize: F, numAttentionHeads: N, numKeyValueHeads: K, headDim: H, rmsNormEps: eps } = config;
  const { rows: B, length: T, docStart } = batch;
  const M = B * T;
  const w = layerWeights(weights, layer);
  const tables = rotaryTables(config.ropeParameters, H, T, layer);

  const attnInput = rmsNormForward(residPre, w('input_layernorm'), eps);
  const q = rotaryForward(matmulNT(attnInput, w('self_attn.q_proj'), M, N * H, D), tables.query, T, N, H);
  const k = rotaryForward(matmulNT(attnInput, w('self_attn.k_proj'), M, K * H, D), tables.key, T, K, H);
  const v = matmulNT(attnInput, w('self_attn.v_proj'), M, K * H, D);
  const attention: AttentionProblem = { q, k, v, B, T, N, K, H, docStart, scale: 1 / Math.sqrt(H) };
  const { o } = attentionForward(attention);
  const residMid = addInto(matmulNT(o, w('self_attn.o_proj'), M, D, N * H), residPre);

  const mlpInput = rmsNormForward(residMid, w('post_attention_layernorm'), eps);
  const gate = matmulNT(mlpInput, w('mlp.gate_proj'), M, F, D);
  const up = matmulNT(mlpInput, w('mlp.up_proj'), M, F, D);
  const residPost = addInto(matmulNT(swigluForward(gate, up), w('mlp.down_proj'), M, D, F), residMid);
  const activations: LayerActivations = { residPre, attnInput, attention, o, residMid, mlpInput, gate, up };
  return { activations, residPost };
}

/** Gradient at the layer's output -> gradient at its input; its weights' gradients go into `grads`. */
function layerBackward(
  config: ModelConfig,
  weights: Weights,
  layer: number,
  activations: LayerActivations,
  dresidPost: Float64Array,
  grads: Map<string, Float64Array>,
): Float64Array {
  const { hiddenSize: D, intermediateSize: F, numAttentionHeads: N, numKeyValueHeads: K, headDim: H, rmsNormEps: eps } = config;
  const { residPre, attnInput, attention, o, residMid, mlpInput, gate, up } = activations;
  const { T } = attention;
  const M = residPre.length / D;
  const w = layerWeights(weights, layer);
  const tables = rotaryTables(config.ropeParameters, H, T, layer);
  const setGrad = (name: string, grad: Float64Array) => grads.set(layerWeightName(layer, name), grad);
  /** y = x · Wᵀ with W (outputs, inputs): stores dW, returns dx. */
  const linear = (name: string, x: Float64Array, dy: Float64Array, inputs: number, outputs: number): Float64Array => {
    setGrad(name, matmulTN(dy, x, outputs, inputs, M));
    return matmulNN(dy, w(name), M, inputs, outputs);
  };
  const norm = (name: string, x: Float64Array, dy: Float64Array): Float64Array => {
    const { dx, dweight } = rmsNormBackward(x, w(name), dy, eps);
    setGrad(name, dweight);
    return dx;
  };

  const dproduct = linear('mlp.down_proj', swigluForward(gate, up), dresidPost, F, D);
  const { dgate, dup } = swigluBackward(gate, up, dproduct);
  const dmlpInput = linear('mlp.gate_proj', mlpInput, dgate, D, F);
  addInto(dmlpInput, linear('mlp.up_proj', mlpInput, dup, D, F));
  const dresidMid = addInto(norm('post_attention_layernorm', residMid, dmlpInput), dresidPost);

  const dO = linear('self_attn.o_proj', o, dresidMid, N * H, D);
  const { dq, dk, dv } = attentionBackward(attention, dO);
  const dattnInput = linear('self_attn.q_proj', attnInput, rotaryBackward(dq, tables.query, T, N, H), D, N * H);
  addInto(dattnInput, linear('self_attn.k_proj', attnInput, rotaryBackward(dk, tables.key, T, K, H), D, K * H));
  addInto(dattnInput, linear('self_attn.v_proj', attnInput, dv, D, K * H));
  return addInto(norm('input_layernorm', residPre, dattnInput), dresidMid);
}

function headOf(config: ModelConfig, weights: Weights): Float64Array {
  return weights.get(config.tieWordEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight')!;
}

function layerWeightName(layer: number, name: string): string {
  return `model.layers.${layer}.${name}.weight`;
}

function layerWeights(weights: Weights, layer: number): (name: string) => Float64Array {
  return (name) => weights.get(layerWeightName(layer, name))!;
}

/** Adds `values` to `sum` in place and returns it. */
function addInto(sum: Float64Array, values: Float64Array): Float64Array {
  for (let i = 0; i < sum.length; i++) sum[i] += values[i];
  return sum;
}
