import { parseRecipe, type Recipe } from '../../core/recipe';
import type { AttentionRecord, Progress, RecordedRun, RunRecord, RunSummary } from '../../core/records';

/** A made-up run of the right shape, for tests of the page only: smooth curves with a stage switch, no model behind them. */

export const FIXTURE_RECIPE: Recipe = parseRecipe({
  version: 1,
  name: 'extend-base',
  model: { checkpoint: 'base' },
  rope_parameters: { rope_type: 'default', rope_theta: 500_000 },
  data: {
    sources: [
      { name: 'books', share: 0.6 },
      { name: 'keyed-facts', share: 0.4 },
    ],
  },
  curriculum: {
    total_tokens: 409_600,
    tokens_per_step: 4096,
    stages: [
      { sequence_length: 256, share: 0.25 },
      { sequence_length: 1024, share: 0.75 },
    ],
  },
  optimizer: { learning_rate: 6e-4, warmup_steps: 5 },
});

const STEPS = 100;
const LAYERS = 4;
const HEADS = 4;
const BINS = 11;

export function fixtureSummary(part: Partial<RunSummary> = {}): RunSummary {
  return {
    id: 'recorded',
    name: 'extend-base',
    recipe: FIXTURE_RECIPE,
    status: 'finished',
    plan: {
      parameters: 917_000,
      stages: [],
      steps: STEPS,
      tokens: 409_600,
      flops: 2.4e12,
      hardwareFlops: 3.1e12,
      longFromStartFlops: 2.6e12,
      bytes: { weights: 3.7e6, gradients: 3.7e6, optimizer: 7.4e6, activations: 21e6, batch: 1.1e5 },
      totalBytes: 35.9e6,
      largestBindingBytes: 8e6,
      largestBufferBytes: 8e6,
    },
    adapter: 'fixture',
    variants: {},
    createdAt: '2026-01-01T00:00:00Z',
    start: progressAt(0),
    ...part,
  };
}

export function progressAt(step: number): Progress {
  return { step, tokens: step * 4096, flops: step * 2.4e10, seconds: step * 2.5 };
}

export function fixtureRun(): RecordedRun {
  const records: RunRecord[] = [];
  for (let step = 0; step <= STEPS; step++) {
    if (step > 0) records.push(stepRecord(step));
    if (step % 10 === 0) records.push(validation(step, 'short'), validation(step, 'long'), attentionAt(step), retrieval(step));
  }
  return { version: 1, run: fixtureSummary(), records };
}

function stepRecord(step: number): RunRecord {
  const late = step > STEPS / 4;
  return {
    type: 'step',
    ...progressAt(step),
    stage: late ? 1 : 0,
    sequenceLength: late ? 1024 : 256,
    loss: 3.4 + 0.5 * Math.exp(-step / 30) + 0.08 * Math.sin(step * 12.9898),
    gradNorm: 0.8,
    learningRate: 6e-4,
    tokensPerSecond: 1640,
    stepMs: 2500,
    finite: true,
  };
}

function validation(step: number, kind: 'short' | 'long'): RunRecord {
  const length = kind === 'short' ? 256 : 1024;
  const base = 3.45 + (kind === 'long' ? 0.5 : 0.05) * Math.exp(-step / 25);
  const byPosition = Array.from({ length: Math.log2(length) }, (_, i) => {
    const from = 2 ** i;
    const beyond = Math.max(0, i - 7) * 0.5 * Math.exp(-step / 25);
    return { from, to: from * 2, loss: 3.3 + 2 / (i + 1.5) + beyond, standardError: 0.03, tokens: from * 8 };
  });
  const sources = ['books', 'keyed-facts'].map((source, i) => ({
    source,
    loss: base + i * 0.3 - 0.15,
    bitsPerByte: base / 2,
    tokens: 8 * length,
  }));
  return { type: 'validation', ...progressAt(step), kind, length, loss: base, bitsPerByte: base / 2, sources, byPosition };
}

export function attentionAt(step: number): AttentionRecord {
  const rows = LAYERS * HEADS;
  const histogram: number[] = [];
  const mean: number[] = [];
  for (let row = 0; row < rows; row++) {
    const centre = 1 + ((row * 7) % 9) + (step / STEPS) * 0.6;
    const weights = Array.from({ length: BINS }, (_, bin) => Math.exp(-((bin - centre) ** 2) / 4) + 0.002);
    const sum = weights.reduce((a, b) => a + b, 0);
    histogram.push(...weights.map((weight) => weight / sum));
    mean.push(weights.reduce((total, weight, bin) => total + (weight / sum) * 2 ** Math.max(bin - 0.5, 0), 0));
  }
  const uniform = Array.from({ length: BINS }, (_, bin) => (bin === 0 ? 1 : 2 ** (bin - 1)) / 1024);
  return {
    type: 'attention',
    ...progressAt(step),
    length: 1024,
    layers: LAYERS,
    heads: HEADS,
    queries: 128,
    bins: BINS,
    histogram,
    meanDistance: mean,
    meanDistanceWithoutFirst: mean.map((distance) => distance * 0.8),
    retainedMass: mean.map((_, row) => 1 - row / 40),
    entropy: mean.map((distance) => Math.log(1 + distance)),
    firstTokenMass: mean.map((_, row) => row / 40),
    uniform: { meanDistance: 383, meanDistanceWithoutFirst: 382.5, entropy: 6.6, firstTokenMass: 0.0013, histogram: uniform },
  };
}

function retrieval(step: number): RunRecord {
  return {
    type: 'retrieval',
    ...progressAt(step),
    length: 1024,
    points: [32, 64, 128, 256, 512, 900].map((distance) => ({
      distance,
      answerLoss: 0.6 + (distance > 256 ? 3.5 * Math.exp(-step / 40) : 0.3),
      controlLoss: 4.6,
      exactMatch: distance > 256 ? step / STEPS : 0.9,
      answers: 8,
    })),
  };
}
