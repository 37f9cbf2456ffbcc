import { describe, expect, it } from 'vitest';
import { requestGpu } from '../gpu/device';
import { type AdamwSettings, type AdamwState, adamwStep, createAdamwState } from '../reference/adamw';
import type { Dispatch } from './dispatch';
import { LOSS_PARTIALS } from './loss';
import { METRIC_NAMES, optimizerStep, SQUARE_PARTIALS } from './optimizer';
import { expectClose, normalValues } from './parity';
import { emptyTensor, type FloatOperand, floats, normals, runTwice } from './testing/operands';

const gpu = await requestGpu(navigator.gpu);

/** Not a multiple of the slots or of a workgroup; the front part decays, as matrices do. */
const [COUNT, DECAYED] = [4 * 1291, 4 * 700];
const SETTINGS: AdamwSettings = { learningRate: 0.01, betas: [0.9, 0.95], eps: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };

/** What one step starts from; gradients are given per step. */
interface State {
  weights: FloatOperand;
  moment1: FloatOperand;
  moment2: FloatOperand;
  metrics: FloatOperand;
}

function freshState(): State {
  const zeros = new Float32Array(COUNT);
  return {
    weights: normals('weights', [COUNT]),
    moment1: floats('moment1', [COUNT], zeros),
    moment2: floats('moment2', [COUNT], zeros),
    metrics: floats('metrics', [METRIC_NAMES.length], [0, 0, 1, 1]),
  };
}

/** One optimizer step on the GPU; `step` counts from 1. */
async function stepOnGpu(state: State, gradients: FloatOperand, step: number, loss: FloatOperand): Promise<State> {
  const { weights, moment1, moment2, metrics } = state;
  const dispatches = optimizerStep({
    weights: weights.tensor,
    gradients: gradients.tensor,
    moment1: moment1.tensor,
    moment2: moment2.tensor,
    metrics: metrics.tensor,
    lossPartials: loss.tensor,
    squarePartials: emptyTensor('square_partials', SQUARE_PARTIALS, 4),
    decayed: DECAYED,
  });
  const own = {
    learning_rate: SETTINGS.learningRate,
    beta1: SETTINGS.betas[0],
    beta2: SETTINGS.betas[1],
    eps: SETTINGS.eps,
    weight_decay: SETTINGS.weightDecay,
    max_grad_norm: SETTINGS.maxGradNorm,
    correction1: 1 - SETTINGS.betas[0] ** step,
    correction2: 1 - SETTINGS.betas[1] ** step,
  };
  const kept = [weights, moment1, moment2, metrics];
  const results = await runTwice(
    gpu,
    dispatches.map((dispatch) => withParams(dispatch, own)),
    [...kept, gradients, loss],
    kept.map(({ tensor }) => tensor),
  );
  const next = kept.map(({ tensor }, i) => floats(tensor.storage.name, tensor.shape, results[i]));
  return { weights: next[0], moment1: next[1], moment2: next[2], metrics: next[3] };
}

function withParams(dispatch: Dispatch, values: Record<string, number>): Dispatch {
  const own = Object.entries(values).filter(([name]) => name in dispatch.params);
  return {
    ...dispatch,
    params: { ...dispatch.params, ...Object.fromEntries(own) },
    split: dispatch.split && ((pieces) => dispatch.split!(pieces).map((piece) => withParams(piece, values))),
  };
}

/** The flat buffer as the oracle's named parameters. */
function split(values: Float64Array): Map<string, Float64Array> {
  return new Map([
    ['matrix', values.slice(0, DECAYED)],
    ['norm', values.slice(DECAYED)],
  ]);
}

const joined = (parts: ReadonlyMap<string, Float64Array>) => [...parts.values()].flatMap((part) => [...part]);
const lossOf = (name: string) => normals(name, [LOSS_PARTIALS], 0.01);

describe('optimizer', () => {
  it('follows the oracle over three steps, clipped and not', async () => {
    let state = freshState();
    const weights = split(state.weights.doubles);
    const oracle: AdamwState = createAdamwState(weights);
    // Norms of about 72, 0.7 and 7: the second is not clipped.
    for (const [i, scale] of [1, 0.01, 0.1].entries()) {
      const gradients = normals(`gradients of step ${i}`, [COUNT], scale);
      const loss = lossOf(`loss of step ${i}`);
      state = await stepOnGpu(state, gradients, i + 1, loss);
      const norm = adamwStep(weights, split(gradients.doubles), oracle, SETTINGS, i + 1, (name) => name === 'matrix');
      const clip = Math.min(1, SETTINGS.maxGradNorm / (norm + 1e-6));
      expect(clip === 1).toBe(i === 1);
      const total = loss.doubles.reduce((sum, value) => sum + value, 0);
      expectClose(state.metrics.values, [total, norm, clip, 1], { relative: 1e-5, absolute: 1e-6 }, 'metrics');
      expectClose(state.moment1.values, joined(oracle.m), { relative: 1e-4, absolute: 1e-8 }, 'first moment');
      expectClose(state.moment2.values, joined(oracle.v), { relative: 1e-4, absolute: 1e-10 }, 'second moment');
      expectClose(state.weights.values, joined(weights), { relative: 1e-5, absolute: 1e-6 }, 'weights');
    }
  });

  it('decays the front part only', async () => {
    const state = freshState();
    const still = floats('gradients', [COUNT], new Float32Array(COUNT));
    const { weights } = await stepOnGpu(state, still, 1, lossOf('loss'));
    const keep = 1 - SETTINGS.learningRate * SETTINGS.weightDecay;
    const expected = state.weights.doubles.map((weight, i) => (i < DECAYED ? weight * keep : weight));
    expectClose(weights.values, expected, { relative: 1e-6, absolute: 0 }, 'weights');
    expect(weights.values.subarray(DECAYED)).toEqual(state.weights.values.subarray(DECAYED));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e30])('touches nothing where a gradient is %s, nor later', async (bad) => {
    const start = freshState();
    const values = normalValues('gradients', COUNT);
    const good = floats('gradients', [COUNT], values);
    const broken = floats('gradients', [COUNT], values.with(1234, bad));
    const skipped = await stepOnGpu(start, broken, 1, lossOf('loss'));
    expect(skipped.metrics.values[3]).toBe(0);
    expect(stateBits(skipped)).toEqual(stateBits(start));
    const later = await stepOnGpu(skipped, good, 2, lossOf('loss'));
    expect(later.metrics.values[3]).toBe(0);
    expect(stateBits(later)).toEqual(stateBits(start));
    const resumed = await stepOnGpu({ ...later, metrics: start.metrics }, good, 2, lossOf('loss'));
    expect(resumed.metrics.values[3]).toBe(1);
    expect(stateBits(resumed)).not.toEqual(stateBits(start));
  });

  it('touches nothing where the loss is not finite', async () => {
    const start = freshState();
    const loss = floats('loss', [LOSS_PARTIALS], new Float32Array(LOSS_PARTIALS).with(7, Number.NaN));
    const skipped = await stepOnGpu(start, normals('gradients', [COUNT]), 1, loss);
    expect(skipped.metrics.values[3]).toBe(0);
    expect(stateBits(skipped)).toEqual(stateBits(start));
  });
});

function stateBits({ weights, moment1, moment2 }: State): Uint32Array[] {
  return [weights, moment1, moment2].map(({ values }) => new Uint32Array(values.buffer));
}
