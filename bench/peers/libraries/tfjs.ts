import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { dependencies } from '../package.json';
import type { CommonProblem } from './commonProblem';
import { NotRunnable, type Peer } from './peer';

/** TensorFlow.js on its WebGPU backend, operation by operation as its users write it. */
export const tfjs: Peer = {
  version: dependencies['@tensorflow/tfjs-core'],
  async open(problem) {
    if (!(await tf.setBackend('webgpu'))) throw new NotRunnable('TF.js could not start its WebGPU backend');
    await tf.ready();
    const weights = problem.weights.map(({ values, shape }) => tf.variable(tf.tensor(values, shape)));
    const loss = modelLoss(problem);
    const lossAndGrads = tf.valueAndGrads((...tensors: tf.Tensor[]) => loss(tensors));
    const update = adamw(problem);
    return {
      async step() {
        const value = tf.tidy(() => {
          const { value, grads } = lossAndGrads(weights);
          update(weights, grads);
          return value;
        });
        const [nats] = await value.data<'float32'>();
        value.dispose();
        return nats;
      },
    };
  },
};

function adamw({ weights, optimizer }: CommonProblem) {
  const { learningRate, beta1, beta2, eps, weightDecay, maxGradNorm } = optimizer;
  const zeros = () => weights.map(({ shape }) => tf.variable(tf.zeros(shape)));
  const [moment1, moment2] = [zeros(), zeros()];
  let steps = 0;
  return (values: tf.Variable[], grads: tf.Tensor[]) => {
    steps++;
    const [correction1, correction2] = [1 - beta1 ** steps, 1 - beta2 ** steps];
    const gradNorm = tf.sqrt(tf.sum(tf.stack(grads.map((grad) => tf.sum(tf.square(grad))))));
    const clip = tf.minimum(tf.div(maxGradNorm, tf.add(gradNorm, 1e-6)), 1);
    values.forEach((value, i) => {
      const grad = tf.mul(grads[i], clip);
      moment1[i].assign(tf.add(tf.mul(moment1[i], beta1), tf.mul(grad, 1 - beta1)));
      moment2[i].assign(tf.add(tf.mul(moment2[i], beta2), tf.mul(tf.square(grad), 1 - beta2)));
      const deviation = tf.add(tf.sqrt(tf.div(moment2[i], correction2)), eps);
      const decay = value.rank === 2 ? weightDecay : 0;
      const update = tf.mul(tf.div(moment1[i], deviation), learningRate / correction1);
      value.assign(tf.sub(tf.mul(value, 1 - learningRate * decay), update));
    });
  };
}

/** Mean cross-entropy of the row. Letters: T positions, K kv heads, G queries per kv head, H head dimension, V vocabulary. */
function modelLoss({ weights, config, length: T, batch, targetCount, rotary }: CommonProblem) {
  const { vocabSize: V, numKeyValueHeads: K, numAttentionHeads, headDim: H, rmsNormEps } = config;
  const G = numAttentionHeads / K;
  const index = new Map(weights.map(({ name }, i) => [name, i]));
  const ids = tf.tensor1d(Int32Array.from(batch.ids), 'int32');
  const oneHot = tf.oneHot(tf.tensor1d(Int32Array.from(batch.targets), 'int32'), V);
  const targets = tf.mul(oneHot, tf.tensor2d(batch.targetWeights, [T, 1]));
  const [cos, sin] = [rotary.cos, rotary.sin].map((table) => tf.tensor4d(table, [T, 1, 1, H / 2]));
  const signedSin = tf.concat([tf.neg(sin), sin], 2);
  const mask = tf.tensor2d(causalMask(T), [T, T]);

  const norm = (x: tf.Tensor, weight: tf.Tensor) =>
    tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), rmsNormEps))), weight);
  /** x Wᵀ, the weight being (out, in). */
  const linear = (x: tf.Tensor, weight: tf.Tensor) => tf.matMul(x, weight, false, true);
  /** x (T, heads · H), turned in pairs (j, j + H/2), to (heads, T, H). */
  const rotate = (x: tf.Tensor, heads: number) => {
    const halves = tf.reshape(x, [T, heads, 2, H / 2]);
    const turned = tf.add(tf.mul(halves, cos), tf.mul(tf.reverse(halves, 2), signedSin));
    return tf.transpose(tf.reshape(turned, [T, heads, H]), [1, 0, 2]);
  };
  /** The queries of a kv head are stacked, so that one batched product serves them all without copies of keys and values. */
  const attention = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) => {
    const scores = tf.matMul(tf.reshape(tf.mul(q, 1 / Math.sqrt(H)), [K, G * T, H]), k, false, true);
    const masked = tf.add(tf.reshape(scores, [K, G, T, T]), mask);
    const o = tf.matMul(tf.reshape(tf.softmax(masked), [K, G * T, T]), v);
    return tf.reshape(tf.transpose(tf.reshape(o, [K * G, T, H]), [1, 0, 2]), [T, K * G * H]);
  };

  return (tensors: tf.Tensor[]): tf.Scalar => {
    const embedding = tensors[index.get('model.embed_tokens.weight')!];
    let x = tf.gather(embedding, ids);
    for (let layer = 0; layer < config.numHiddenLayers; layer++) {
      const weight = (part: string) => tensors[index.get(`model.layers.${layer}.${part}.weight`)!];
      const h = norm(x, weight('input_layernorm'));
      const q = rotate(linear(h, weight('self_attn.q_proj')), K * G);
      const k = rotate(linear(h, weight('self_attn.k_proj')), K);
      const v = tf.transpose(tf.reshape(linear(h, weight('self_attn.v_proj')), [T, K, H]), [1, 0, 2]);
      x = tf.add(x, linear(attention(q, k, v), weight('self_attn.o_proj')));
      const m = norm(x, weight('post_attention_layernorm'));
      const gate = linear(m, weight('mlp.gate_proj'));
      const gated = tf.mul(tf.mul(gate, tf.sigmoid(gate)), linear(m, weight('mlp.up_proj')));
      x = tf.add(x, linear(gated, weight('mlp.down_proj')));
    }
    const logits = linear(norm(x, tensors[index.get('model.norm.weight')!]), embedding);
    return tf.mul(tf.sum(tf.mul(tf.logSoftmax(logits), targets)), -1 / targetCount);
  };
}

/** 0 where a query (row) may see a key (column), else far below any score. */
function causalMask(T: number): Float32Array {
  return Float32Array.from({ length: T * T }, (_, i) => (i % T <= Math.floor(i / T) ? 0 : -1e9));
}
