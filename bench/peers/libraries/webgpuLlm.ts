import { LLMEngine, Model, type WeightRange } from 'webgpu-llm/llm';
import { dependencies } from '../package.json';
import type { CommonProblem, CommonWeight } from './commonProblem';
import { NotRunnable, type Peer } from './peer';

/** webgpu-llm in float32. Its weights are (in, out) and its rotary pairs neighbours (2j, 2j + 1), so both are rearranged first. */
export const webgpuLlm: Peer = {
  version: dependencies['webgpu-llm'],
  async open(problem) {
    const { config, length, batch } = problem;
    const { learningRate, beta1, beta2, eps, weightDecay, maxGradNorm } = problem.optimizer;
    const engine = await new LLMEngine().init().catch((error: Error) => {
      throw new NotRunnable(error.message);
    });
    const model = new Model(engine, {
      d_model: config.hiddenSize,
      n_heads: config.numAttentionHeads,
      n_kv_heads: config.numKeyValueHeads,
      head_dim: config.headDim,
      kv_dim: config.numKeyValueHeads * config.headDim,
      n_layers: config.numHiddenLayers,
      d_ff: config.intermediateSize,
      activation: 'swiglu',
      vocab_size: config.vocabSize,
      seq_len: length,
      rms_eps: config.rmsNormEps,
      precision: 'fp32',
    });
    model.allocate();
    model.allocActivations();
    model.allocBackward();
    loadWeights(engine, model, problem);
    const targets = batch.targets.map((target, i) => (batch.targetWeights[i] > 0 ? target : config.vocabSize));
    const settings = { lr: learningRate, beta1, beta2, adam_eps: eps, weight_decay: weightDecay, grad_clip: maxGradNorm };
    return {
      async step() {
        const loss = await model.forwardLoss(batch.ids, targets);
        await model.backward(batch.ids);
        await model.step(settings);
        return loss;
      },
    };
  },
};

/** Its name for each part of a layer, by Hugging Face's. */
const LAYER_PARTS = {
  input_layernorm: 'attn_norm_w',
  'self_attn.q_proj': 'wq',
  'self_attn.k_proj': 'wk',
  'self_attn.v_proj': 'wv',
  'self_attn.o_proj': 'wo',
  post_attention_layernorm: 'ffn_norm_w',
  'mlp.gate_proj': 'w_gate',
  'mlp.up_proj': 'w_up',
  'mlp.down_proj': 'w_down',
} as const;

function loadWeights(engine: LLMEngine, { weights }: Model, problem: CommonProblem): void {
  const ranges = new Map<string, WeightRange>([
    ['model.embed_tokens.weight', weights.tok_emb],
    ['model.norm.weight', weights.final_norm_w],
  ]);
  for (const [layer, parts] of weights.layers.entries())
    for (const [name, part] of Object.entries(LAYER_PARTS)) ranges.set(`model.layers.${layer}.${name}.weight`, parts[part]);
  for (const weight of problem.weights) {
    const { buffer, offset } = ranges.get(weight.name)!;
    engine.write(buffer, rearranged(weight, problem.config.headDim), offset);
  }
}

/** Matrices but the embedding go from (out, in) to (in, out); outputs of queries and keys are paired as neighbours. */
function rearranged({ name, shape, values }: CommonWeight, headDim: number): Float32Array {
  if (shape.length < 2 || name.includes('embed_tokens')) return values;
  const [outputs, inputs] = shape;
  const isRotated = /[qk]_proj/.test(name);
  const result = new Float32Array(values.length);
  for (let output = 0; output < outputs; output++) {
    const to = isRotated ? interleaved(output, headDim) : output;
    for (let input = 0; input < inputs; input++) result[input * outputs + to] = values[output * inputs + input];
  }
  return result;
}

/** Where dimension j or j + H/2 of a head goes when its pairs become (2j, 2j + 1). */
function interleaved(output: number, headDim: number): number {
  const i = output % headDim;
  const half = headDim / 2;
  return output - i + (i < half ? 2 * i : 2 * (i - half) + 1);
}
