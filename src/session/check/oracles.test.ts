/**
 * The oracles against float64 PyTorch: golden files and the checkpoint they were made from lie beside the repository. Their values are
 * printed with 8 to 12 significant digits, which sets the tolerances.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { batchFromIds } from '../../core/batch';
import { parseHfRope } from '../../core/hfRope';
import { parameterShapes } from '../../core/modelConfig';
import { inverseFrequencies, type RopeParameters } from '../../core/positionEncoding';
import { parseHfConfig } from '../../interchange/hfConfig';
import { readSafetensors, tensorValues } from '../../interchange/safetensors';
import { adamwStep, createAdamwState } from '../../reference/adamw';
import { attentionStatistics, type HeadStatistics } from '../../reference/attentionStatistics';
import { modelBackward, modelForward } from '../../reference/model';

const GOLDEN = resolve(process.cwd(), '../shared/golden');
const CHECKPOINT = resolve(process.cwd(), '../shared/data/stories260k');
const missing = [GOLDEN, CHECKPOINT].filter((folder) => !existsSync(folder));

interface ForwardCase {
  case: string;
  rope: Record<string, unknown>;
  documents: 'none' | 'three';
  loss: number;
  logits_last: number[];
  loss_by_position: number[];
}

interface GoldenForward {
  ids: number[][];
  documents: { three: number[][] };
  rope: Record<string, { inv_freq: number[]; attention_factor: number }>;
  cases: ForwardCase[];
}

interface GoldenAttention {
  ids: number[][];
  layers: { mean_distance: number[]; entropy: number[]; first_token_mass: number[]; mass_by_distance_head0: number[] }[];
}

interface GoldenGradients {
  ids: number[][];
  documents: number[][];
  loss: number;
  gradients: Record<string, { norm: number; first: number[]; last: number[] }>;
}

interface GoldenTraining {
  optimizer: { lr: number; betas: [number, number]; eps: number; weight_decay: number; clip: number };
  batches: number[][][];
  steps: { loss: number; grad_norm: number }[];
}

const read = (name: string) => JSON.parse(readFileSync(resolve(GOLDEN, name), 'utf8'));

function loadCheckpoint() {
  const config = parseHfConfig(readFileSync(resolve(CHECKPOINT, 'config.json'), 'utf8'));
  const { tensors } = readSafetensors(readFileSync(resolve(CHECKPOINT, 'model.safetensors')));
  const weights = new Map([...tensors].map(([name, tensor]) => [name, Float64Array.from(tensorValues(tensor))]));
  return { config, weights };
}

/**
 * Asserts that every element prints as expected with so many significant digits: half a unit of the last one, plus what float64 sums in
 * another order may differ by. Reports the largest excess.
 */
function expectDigits(actual: ArrayLike<number>, expected: readonly number[], digits: number, what: string) {
  expect(actual.length, what).toBe(expected.length);
  const excess = expected.map((value, i) => {
    const halfUnit = value === 0 ? 0 : 0.5 * 10 ** (Math.floor(Math.log10(Math.abs(value))) - digits + 1);
    return Math.abs(actual[i] - value) - halfUnit;
  });
  expect(Math.max(...excess), `${what}: error beyond ${digits} digits`).toBeLessThan(1e-12);
}

// A plain branch, because the body of a skipped suite is run all the same.
if (missing.length > 0) it('golden values', ({ skip }) => skip(`${missing.join(' and ')} not found`));
else describe('golden values', goldenTests);

function goldenTests() {
  const { config, weights } = loadCheckpoint();
  const ropeOf = (rope: Record<string, unknown>): RopeParameters =>
    parseHfRope({ rope_parameters: rope, rope_theta: config.ropeParameters.rope_theta });

  it('name every weight of the checkpoint as parameterShapes does', () => {
    const shapes = parameterShapes(config).map(({ name, shape }) => [name, shape.reduce((a, b) => a * b, 1)]);
    expect(new Map([...weights].map(([name, values]) => [name, values.length]))).toEqual(new Map(shapes as [string, number][]));
  });

  describe('forward.json', () => {
    const golden: GoldenForward = read('forward.json');
    const T = golden.ids[0].length;

    it.each(golden.cases.filter(({ documents }) => documents === 'none'))(
      '$case: inverse frequencies',
      ({ case: name, rope }) => {
        const actual = inverseFrequencies(ropeOf(rope), config.headDim, T);
        const expected = golden.rope[name];
        expected.inv_freq.forEach((value, j) => {
          expect(Math.abs(actual.inverseFrequencies[j] / value - 1)).toBeLessThan(1e-11);
        });
        expect(actual.attentionFactor).toBeCloseTo(expected.attention_factor, 12);
      },
    );

    it.each(golden.cases)('$case, documents $documents: loss, losses and logits', (expected) => {
      const documents = expected.documents === 'three' ? golden.documents.three : undefined;
      const batch = batchFromIds(golden.ids, documents);
      const V = config.vocabSize;
      const { loss, logits } = modelForward({ ...config, ropeParameters: ropeOf(expected.rope) }, weights, batch);
      expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-10);
      const last = golden.ids.flatMap((_, row) => [...logits.subarray((row * T + T - 1) * V, (row + 1) * T * V)]);
      expectDigits(last, expected.logits_last, 10, 'logits');
      // Golden losses cover every next token, also those that a document boundary masks, so they are read off the logits.
      const losses = golden.ids.flatMap((ids, row) =>
        ids.slice(1).map((target, t) => {
          const position = logits.subarray((row * T + t) * V, (row * T + t + 1) * V);
          return Math.log(position.reduce((sum, logit) => sum + Math.exp(logit), 0)) - position[target];
        }),
      );
      expectDigits(losses, expected.loss_by_position, 8, 'loss by position');
    });
  });

  it('attention.json: statistics of every head', () => {
    const golden: GoldenAttention = read('attention.json');
    const { layers } = modelForward(config, weights, batchFromIds(golden.ids));
    golden.layers.forEach((expected, layer) => {
      const { heads } = attentionStatistics(layers[layer].attention);
      const check = (name: string, statistic: (head: HeadStatistics) => number, values: number[]) =>
        expectDigits(heads.map(statistic), values, 10, `layer ${layer} ${name}`);
      check('mean distance', (head) => head.meanDistance, expected.mean_distance);
      check('entropy', (head) => head.entropy, expected.entropy);
      check('first token mass', (head) => head.firstTokenMass, expected.first_token_mass);
      expectDigits(heads[0].massByDistance, expected.mass_by_distance_head0, 8, `layer ${layer} mass by distance`);
    });
  });

  it('gradients.json: every tensor', () => {
    const golden: GoldenGradients = read('gradients.json');
    const batch = batchFromIds(golden.ids, golden.documents);
    const forward = modelForward(config, weights, batch);
    expect(Math.abs(forward.loss - golden.loss)).toBeLessThan(1e-10);
    const grads = modelBackward(config, weights, batch, forward);
    expect([...grads.keys()].sort()).toEqual(Object.keys(golden.gradients).sort());
    for (const [name, expected] of Object.entries(golden.gradients)) {
      const grad = grads.get(name)!;
      expect(Math.abs(Math.hypot(...grad) / expected.norm - 1), name).toBeLessThan(1e-9);
      expectDigits(grad.slice(0, 24), expected.first, 10, `${name}, first values`);
      expectDigits(grad.slice(-24), expected.last, 10, `${name}, last values`);
    }
  });

  it('train.json: loss and gradient norm of each AdamW step', () => {
    const golden: GoldenTraining = read('train.json');
    const { lr: learningRate, betas, eps, weight_decay: weightDecay, clip: maxGradNorm } = golden.optimizer;
    const trained = loadCheckpoint().weights;
    const state = createAdamwState(trained);
    const matrices = new Set(parameterShapes(config).flatMap(({ name, shape }) => (shape.length === 2 ? [name] : [])));
    golden.steps.forEach((expected, i) => {
      const batch = batchFromIds(golden.batches[i]);
      const forward = modelForward(config, trained, batch);
      const grads = modelBackward(config, trained, batch, forward);
      const settings = { learningRate, betas, eps, weightDecay, maxGradNorm };
      const gradNorm = adamwStep(trained, grads, state, settings, i + 1, (name) => matrices.has(name));
      expect(Math.abs(forward.loss - expected.loss), `loss of step ${i + 1}`).toBeLessThan(1e-9);
      expect(Math.abs(gradNorm / expected.grad_norm - 1), `gradient norm of step ${i + 1}`).toBeLessThan(1e-9);
    });
  }, 30_000);
}
