import { afterEach, describe, expect, it } from 'vitest';
import { batchFromIds } from '../../core/batch';
import { parseHfRope } from '../../core/hfRope';
import { type ModelConfig, parameterShapes } from '../../core/modelConfig';
import { inverseFrequencies } from '../../core/positionEncoding';
import { Rng } from '../../core/rng';
import { requestGpu } from '../../gpu/device';
import { PipelineCache } from '../../gpu/pipelines';
import { shaderFaults } from '../../gpu/shader';
import { parseHfConfig } from '../../interchange/hfConfig';
import { writeSafetensors } from '../../interchange/safetensors';
import { defaultVariants } from '../../kernels/families';
import { normalValues } from '../../kernels/parity';
import { elementCount } from '../../kernels/tensor';
import { adamwStep, createAdamwState } from '../../reference/adamw';
import { attentionStatistics } from '../../reference/attentionStatistics';
import { modelBackward, modelForward, type Weights } from '../../reference/model';
import { namedWeights } from '../checkpointFiles';
import { breakShader } from './breakShader';
import { checkGolden, checkVariants, passes } from './check';
import { type Golden, parseGolden } from './golden';

/** Only what a config must say, odd sizes throughout: three query heads per key head, a head wider than its share of hidden_size. */
const CONFIG_JSON = JSON.stringify({
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 30,
  intermediate_size: 43,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  head_dim: 20,
  vocab_size: 77,
  rms_norm_eps: 1e-5,
});

/** No head_dim: 24 / 3 = 8. */
const CONFIG_WITHOUT_HEAD_DIM = JSON.stringify({
  model_type: 'llama',
  hidden_size: 24,
  intermediate_size: 40,
  num_hidden_layers: 1,
  num_attention_heads: 3,
  num_key_value_heads: 1,
  vocab_size: 19,
  tie_word_embeddings: true,
});

const [ROWS, LENGTH] = [2, 23];
const DOCUMENTS = Array.from({ length: ROWS }, () => Array.from({ length: LENGTH }, (_, i) => Number(i >= 7) + Number(i >= 15)));
const LINEAR = { rope_type: 'linear', factor: 4 };

const gpu = await requestGpu(navigator.gpu);

afterEach(() => shaderFaults.clear());

/** A random checkpoint, read back from the files it would be written to. */
function randomCheckpoint(configJson: string) {
  const config = parseHfConfig(configJson);
  const tensors = parameterShapes(config).map(({ name, shape }) => {
    const mean = shape.length === 1 ? 1 : 0;
    return { name, shape, values: normalValues(name, elementCount(shape), 0.2).map((value) => mean + value) };
  });
  return { config, weights: namedWeights(config, writeSafetensors(tensors)) };
}

type Checkpoint = ReturnType<typeof randomCheckpoint>;

const float64 = ({ weights }: Checkpoint): Map<string, Float64Array> =>
  new Map([...weights].map(([name, values]) => [name, Float64Array.from(values)]));

function randomIds({ vocabSize }: ModelConfig, name: string): number[][] {
  const rng = Rng.of(0, name);
  return Array.from({ length: ROWS }, () => Array.from({ length: LENGTH }, () => rng.integer(vocabSize)));
}

/** Golden values in float64, in the files' own format and through their parser. */
function goldenValues(checkpoint: Checkpoint): Golden {
  const { config } = checkpoint;
  const weights = float64(checkpoint);
  const ids = randomIds(config, 'ids');
  const values = {
    forward: forwardValues(config, weights, ids),
    attention: attentionValues(config, weights, ids),
    gradients: gradientValues(config, weights, ids),
    train: trainValues(config, weights),
  };
  return parseGolden(new Map(Object.entries(values).map(([name, value]) => [`${name}.json`, JSON.stringify(value)])));
}

function forwardValues(config: ModelConfig, weights: Weights, ids: number[][]) {
  const ropes = { default: {}, linear: LINEAR };
  const parameters = (rope: object) =>
    parseHfRope({ rope_theta: config.ropeParameters.rope_theta, rope_parameters: rope as Record<string, unknown> });
  const cases = Object.entries(ropes).flatMap(([name, rope]) =>
    (['none', 'three'] as const).map((documents) => {
      const batch = batchFromIds(ids, documents === 'three' ? DOCUMENTS : undefined);
      const { loss, logits } = modelForward({ ...config, ropeParameters: parameters(rope) }, weights, batch);
      const rows = Array.from({ length: ROWS }, (_, row) => row * LENGTH);
      return {
        case: name,
        rope,
        documents,
        loss,
        loss_by_position: rows.flatMap((first) => tokenLosses(logits, ids[first / LENGTH], first, config.vocabSize)),
        logits_last: rows.flatMap((first) => [
          ...logits.subarray((first + LENGTH - 1) * config.vocabSize, (first + LENGTH) * config.vocabSize),
        ]),
      };
    }),
  );
  const rope = Object.fromEntries(
    Object.entries(ropes).map(([name, fields]) => {
      const { inverseFrequencies: inv, attentionFactor } = inverseFrequencies(parameters(fields), config.headDim, LENGTH);
      return [name, { inv_freq: [...inv], attention_factor: attentionFactor }];
    }),
  );
  return { ids, documents: { three: DOCUMENTS }, rope, cases };
}

/** −log p of the token that follows each position, documents or not. */
function tokenLosses(logits: Float64Array, row: number[], first: number, vocabulary: number): number[] {
  return row.slice(1).map((next, i) => {
    const at = logits.subarray((first + i) * vocabulary, (first + i + 1) * vocabulary);
    return Math.log(at.reduce((sum, logit) => sum + Math.exp(logit), 0)) - at[next];
  });
}

function attentionValues(config: ModelConfig, weights: Weights, ids: number[][]) {
  const { layers } = modelForward(config, weights, batchFromIds(ids));
  return {
    ids,
    layers: layers.map(({ attention }, layer) => {
      const { heads } = attentionStatistics(attention);
      return {
        layer,
        mean_distance: heads.map(({ meanDistance }) => meanDistance),
        entropy: heads.map(({ entropy }) => entropy),
        first_token_mass: heads.map(({ firstTokenMass }) => firstTokenMass),
        mass_by_distance_head0: [...heads[0].massByDistance],
      };
    }),
  };
}

function gradientValues(config: ModelConfig, weights: Weights, ids: number[][]) {
  const batch = batchFromIds(ids, DOCUMENTS);
  const forward = modelForward(config, weights, batch);
  const shapes = new Map(parameterShapes(config).map(({ name, shape }) => [name, shape]));
  const gradients = Object.fromEntries(
    [...modelBackward(config, weights, batch, forward)].map(([name, grad]) => [
      name,
      { shape: shapes.get(name), norm: Math.hypot(...grad), first: [...grad.slice(0, 24)], last: [...grad.slice(-24)] },
    ]),
  );
  return { ids, documents: DOCUMENTS, loss: forward.loss, gradients };
}

function trainValues(config: ModelConfig, weights: Weights) {
  const optimizer = { lr: 1e-3, betas: [0.9, 0.95] as const, eps: 1e-8, weight_decay: 0.1, clip: 1 };
  const settings = { learningRate: optimizer.lr, betas: optimizer.betas, eps: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };
  const trained = new Map([...weights].map(([name, values]) => [name, values.slice()]));
  const matrices = new Set(parameterShapes(config).flatMap(({ name, shape }) => (shape.length === 2 ? [name] : [])));
  const state = createAdamwState(trained);
  const batches = [1, 2, 3].map((step) => randomIds(config, `step ${step}`));
  const steps = batches.map((ids, i) => {
    const batch = batchFromIds(ids);
    const forward = modelForward(config, trained, batch);
    const grads = modelBackward(config, trained, batch, forward);
    const gradNorm = adamwStep(trained, grads, state, settings, i + 1, (name) => matrices.has(name));
    return { loss: forward.loss, grad_norm: gradNorm };
  });
  return { optimizer, batches, steps };
}

/** Quantities beyond tolerance under the default variants. */
async function failures(checkpoint: Checkpoint, golden: Golden, pipelines = new PipelineCache(gpu.device)): Promise<string[]> {
  const variants = defaultVariants(gpu.facts, checkpoint.config);
  const { quantities } = await checkVariants({ gpu, pipelines, ...checkpoint, variants }, golden);
  return quantities.filter((quantity) => !passes(quantity)).map(({ quantity }) => quantity);
}

describe('the golden check', () => {
  it('passes a model of odd sizes under every variant', async () => {
    const checkpoint = randomCheckpoint(CONFIG_JSON);
    const report = await checkGolden(gpu, goldenValues(checkpoint), checkpoint);
    expect(report.sets.flatMap(({ quantities }) => quantities.filter((quantity) => !passes(quantity)))).toEqual([]);
    expect(report.passed).toBe(true);
    expect(report.sets[0].quantities.length).toBeGreaterThan(60);
  }, 240_000);

  const small = randomCheckpoint(CONFIG_WITHOUT_HEAD_DIM);
  const golden = goldenValues(small);
  const pipelines = new PipelineCache(gpu.device);

  it('passes a config without head_dim, with a tied head', async () => {
    expect(small.config).toMatchObject({ headDim: 8, tieWordEmbeddings: true });
    expect(await failures(small, golden, pipelines)).toEqual([]);
  }, 120_000);

  const [forwardCase] = golden.forward!.cases;
  const [layer] = golden.attention!.layers;
  const [gradient] = Object.keys(golden.gradients!.gradients);

  it.each<[quantity: string, spoil: (golden: Golden) => void]>([
    ['loss, default, documents none', ({ forward }) => void (forward!.cases[0].loss += 1e-4)],
    ['last logits, default, documents none', ({ forward }) => void (forward!.cases[0].logits_last[3] += 1e-3)],
    ['loss by position, default, documents none', ({ forward }) => void (forward!.cases[0].loss_by_position[5] += 1e-3)],
    ['inverse frequencies, linear', ({ forward }) => void (forward!.rope.linear.inv_freq[1] *= 1.0001)],
    ['attention distance, layer 0', ({ attention }) => void (attention!.layers[0].mean_distance[2] *= 1.0005)],
    ['attention entropy, layer 0', ({ attention }) => void (attention!.layers[0].entropy[1] *= 1.0005)],
    ['first token mass, layer 0', ({ attention }) => void (attention!.layers[0].first_token_mass[0] *= 1.0005)],
    ['mass by distance, layer 0', ({ attention }) => void (attention!.layers[0].mass_by_distance_head0[LENGTH - 1] *= 1.0005)],
    [`gradient norm, ${gradient}`, ({ gradients }) => void (gradients!.gradients[gradient].norm *= 1.001)],
    [`gradient, ${gradient}`, ({ gradients }) => void (gradients!.gradients[gradient].first[1] += 1)],
    ['training loss, step 3', ({ train }) => void (train!.steps[2].loss += 1e-3)],
    ['gradient norm, step 2', ({ train }) => void (train!.steps[1].grad_norm *= 1.001)],
  ])('fails and names an altered %s', async (quantity, spoil) => {
    const spoilt = structuredClone(golden);
    spoil(spoilt);
    expect(await failures(small, spoilt, pipelines)).toEqual([quantity]);
  });

  it('says so when golden values are of another model', async () => {
    const other = structuredClone(golden);
    other.attention!.layers = [{ ...layer, layer: 7 }];
    await expect(failures(small, other, pipelines)).rejects.toThrow(/layers below 1, as this checkpoint has, got 7/);
    other.forward!.cases = [{ ...forwardCase, logits_last: [0] }];
    await expect(failures(small, other, pipelines)).rejects.toThrow(/logits_last/);
  });

  it('fails when a shader is broken, and says when the text is not there', async () => {
    const forward = { forward: golden.forward };
    breakShader('rms_norm_forward:+ params.eps=>* 1.01');
    expect(await failures(small, forward)).toContain('loss, default, documents none');
    breakShader('rms_norm_forward:no such text=>');
    await expect(failures(small, forward)).rejects.toThrow(/rms_norm_forward.wgsl to contain the text/);
    expect(() => breakShader('rms_norm_forward')).toThrow(/NAME:FROM=>TO/);
  }, 60_000);
});
