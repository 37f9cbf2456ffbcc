/**
 * Floating-point operations of training, three ways of counting that must never be mixed without a label:
 *
 * - **model, causal-exact**: 6 N s + 6 L d s^2 for one row of s tokens. N holds every weight that multiplies (body and output head once;
 *   the embedding table only when it is also the head), d = heads x head_dim. Attention counts the pairs a causal mask leaves.
 * - **hardware**: what a step with checkpointed layers and two-pass attention backward executes: the model count, plus one more forward
 *   of the layers' matrices (2 N_layers s), and 9 L d s^2 for attention (2 forward, 7 backward).
 * - **Megatron** (Narayanan et al. 2021, arXiv 2104.04473), the count of the paper's Table 10: no mask, no output head, 4h wide MLP.
 *
 * All are exact for rows of one document; a document mask lowers attention.
 */
import type { ModelConfig } from './modelConfig';

/** FLOPs of one row: the dense part grows with its length, attention with its square. */
export interface RowFlops {
  matmul: number;
  attention: number;
  total: number;
}

/** Weights that multiply activations: `layers` in all transformer layers, `head` in the output projection. Norms are left out. */
export function multiplyingWeights(config: ModelConfig): { layers: number; head: number } {
  const { hiddenSize: d, intermediateSize: f, headDim: h } = config;
  const attention = 2 * d * h * (config.numAttentionHeads + config.numKeyValueHeads);
  return { layers: config.numHiddenLayers * (attention + 3 * d * f), head: config.vocabSize * d };
}

/** Causal-exact FLOPs of forward and backward of one row of `length` tokens; the convention behind MFU. */
export function modelFlopsPerRow(config: ModelConfig, length: number): RowFlops {
  const { layers, head } = multiplyingWeights(config);
  return rowFlops(6 * (layers + head) * length, 6 * attentionUnit(config, length));
}

/** FLOPs that one row of `length` tokens executes with layer recompute and a two-pass attention backward; the convention behind HFU. */
export function hardwareFlopsPerRow(config: ModelConfig, length: number): RowFlops {
  const { layers, head } = multiplyingWeights(config);
  return rowFlops((8 * layers + 6 * head) * length, 9 * attentionUnit(config, length));
}

export function modelFlopsPerToken(config: ModelConfig, length: number): number {
  return modelFlopsPerRow(config, length).total / length;
}

export function hardwareFlopsPerToken(config: ModelConfig, length: number): number {
  return hardwareFlopsPerRow(config, length).total / length;
}

/** 72 T L h^2 (1 + s / 6h): the paper's FLOPs of `tokens` tokens in rows of `length`, from layers and width alone. */
export function megatronFlops(
  shape: Pick<ModelConfig, 'numHiddenLayers' | 'hiddenSize'>,
  length: number,
  tokens: number,
): number {
  const { numHiddenLayers: layers, hiddenSize: h } = shape;
  return 72 * tokens * layers * h ** 2 * (1 + length / (6 * h));
}

/** L d s^2: one pair-by-channel unit per layer, of which causal scores or values take one forward. */
function attentionUnit(config: ModelConfig, length: number): number {
  return config.numHiddenLayers * config.numAttentionHeads * config.headDim * length ** 2;
}

function rowFlops(matmul: number, attention: number): RowFlops {
  return { matmul, attention, total: matmul + attention };
}
