import { defaultDevice, init, type Array as JaxArray, jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import { dependencies } from '../package.json';
import type { CommonProblem } from './commonProblem';
import { NotRunnable, type Peer } from './peer';

type Tree = Record<string, JaxArray>;

/** jax-js: forward, gradients, clipping and AdamW traced into one jit. Arrays are consumed by use, `.ref` keeps them. */
export const jax: Peer = {
  version: dependencies['@jax-js/jax'],
  async open(problem) {
    const devices = await init('webgpu');
    if (!devices.includes('webgpu')) throw new NotRunnable('jax-js found no WebGPU device');
    defaultDevice('webgpu');
    const { length, config, batch, rotary, optimizer } = problem;
    const zeros = () => Object.fromEntries(problem.weights.map(({ name, shape }) => [name, np.zeros(shape)]));
    let state = {
      weights: Object.fromEntries(problem.weights.map(({ name, shape, values }) => [name, np.array(values).reshape(shape)])),
      moment1: zeros(),
      moment2: zeros(),
    };
    const tables = [length, 1, 1, config.headDim / 2];
    const inputs = {
      ids: np.array(Int32Array.from(batch.ids)),
      targets: np.array(Int32Array.from(batch.targets)),
      targetWeights: np.array(batch.targetWeights),
      cos: np.array(rotary.cos).reshape(tables),
      sin: np.array(rotary.sin).reshape(tables),
    };
    const train = jit(trainStep(problem));
    let steps = 0;
    return {
      async step() {
        steps++;
        const corrections = np.array([1 - optimizer.beta1 ** steps, 1 - optimizer.beta2 ** steps]);
        const { loss, ...next } = train(state, tree.ref(inputs), corrections);
        state = next;
        const [value] = await loss.data();
        return value;
      },
    };
  },
};

function trainStep(problem: CommonProblem) {
  const { learningRate, beta1, beta2, eps, weightDecay, maxGradNorm } = problem.optimizer;
  const lossAndGrads = valueAndGrad(modelLoss(problem));
  return (state: { weights: Tree; moment1: Tree; moment2: Tree }, inputs: Tree, corrections: JaxArray) => {
    const [loss, grads] = lossAndGrads(tree.ref(state.weights), inputs) as [JaxArray, Tree];
    const squares = Object.values(grads).map((grad) => np.square(grad.ref).sum());
    const gradNorm = np.sqrt(squares.reduce((sum, square) => sum.add(square)));
    const clip = np.minimum(np.reciprocal(gradNorm.add(1e-6)).mul(maxGradNorm), 1);
    const [correction1, correction2] = [corrections.ref.slice(0), corrections.slice(1)];
    const next = { weights: {} as Tree, moment1: {} as Tree, moment2: {} as Tree };
    for (const { name, shape } of problem.weights) {
      const grad = grads[name].mul(clip.ref);
      const m = state.moment1[name].mul(beta1).add(grad.ref.mul(1 - beta1));
      const v = state.moment2[name].mul(beta2).add(np.square(grad).mul(1 - beta2));
      const step = m.ref.div(correction1.ref).div(np.sqrt(v.ref.div(correction2.ref)).add(eps));
      const decay = shape.length === 2 ? weightDecay : 0;
      next.weights[name] = state.weights[name].mul(1 - learningRate * decay).sub(step.mul(learningRate));
      next.moment1[name] = m;
      next.moment2[name] = v;
    }
    tree.dispose([clip, correction1, correction2]);
    return { loss, ...next };
  };
}

/** Mean cross-entropy of the row. Letters: T positions, N query heads, K kv heads, H head dimension, V vocabulary. */
function modelLoss({ config, length: T, targetCount }: CommonProblem) {
  const { vocabSize: V, numAttentionHeads: N, numKeyValueHeads: K, headDim: H, rmsNormEps } = config;

  const norm = (x: JaxArray, weight: JaxArray) => {
    const meanSquare = np.square(x.ref).mean(-1, { keepdims: true });
    return x.mul(np.reciprocal(np.sqrt(meanSquare.add(rmsNormEps)))).mul(weight);
  };
  /** x Wᵀ, the weight being (out, in). */
  const linear = (x: JaxArray, weight: JaxArray) => np.matmul(x, weight.transpose());
  /** x (T, heads, H), turned in pairs (j, j + H/2): x cos + (−x₂, x₁) sin. */
  const rotate = (x: JaxArray, heads: number, { cos, sin }: Tree) => {
    const halves = x.reshape([T, heads, 2, H / 2]);
    const swapped = np.flip(halves.ref, 2).mul(np.array([-1, 1]).reshape([2, 1]));
    return halves.mul(cos.ref).add(swapped.mul(sin.ref));
  };

  return (weights: Tree, inputs: Tree): JaxArray => {
    const embedding = weights['model.embed_tokens.weight'];
    let x = np.take(embedding.ref, inputs.ids, 0);
    for (let layer = 0; layer < config.numHiddenLayers; layer++) {
      const weight = (part: string) => weights[`model.layers.${layer}.${part}.weight`];
      const h = norm(x.ref, weight('input_layernorm'));
      const q = rotate(linear(h.ref, weight('self_attn.q_proj')), N, inputs).reshape([T, N, H]);
      const k = rotate(linear(h.ref, weight('self_attn.k_proj')), K, inputs).reshape([T, K, H]);
      const v = linear(h, weight('self_attn.v_proj')).reshape([T, K, H]);
      const o = nn.dotProductAttention(q, k, v, { isCausal: true });
      x = x.add(linear(o.reshape([T, N * H]), weight('self_attn.o_proj')));
      const m = norm(x.ref, weight('post_attention_layernorm'));
      const gated = nn.silu(linear(m.ref, weight('mlp.gate_proj'))).mul(linear(m, weight('mlp.up_proj')));
      x = x.add(linear(gated, weight('mlp.down_proj')));
    }
    tree.dispose([inputs.cos, inputs.sin]);
    const logits = linear(norm(x, weights['model.norm.weight']), embedding);
    const chosen = nn.logSoftmax(logits, -1).mul(nn.oneHot(inputs.targets, V)).sum(-1);
    return chosen
      .mul(inputs.targetWeights)
      .sum()
      .mul(-1 / targetCount);
  };
}
