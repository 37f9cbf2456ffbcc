import { describe, expect, it } from 'vitest';
import { type Curriculum, curriculumFlops, curriculumSteps, stageAtStep, stageAtToken, totalSteps } from './curriculum';
import { hardwareFlopsPerRow, megatronFlops, modelFlopsPerRow } from './flops';
import type { ModelConfig } from './modelConfig';

const PAPER_TOKENS = 100_000 * 2 ** 22;

function config(layers: number, hidden: number, heads: number, kv: number, ffn: number, vocab: number): ModelConfig {
  return {
    vocabSize: vocab,
    hiddenSize: hidden,
    intermediateSize: ffn,
    numHiddenLayers: layers,
    numAttentionHeads: heads,
    numKeyValueHeads: kv,
    headDim: hidden / heads,
    maxPositionEmbeddings: 4096,
    rmsNormEps: 1e-5,
    tieWordEmbeddings: true,
    initializerRange: 0.02,
    bosTokenId: 1,
    eosTokenId: 2,
    ropeParameters: { rope_type: 'default', rope_theta: 10_000 },
  };
}

const SEVEN_B = config(32, 4096, 32, 32, 11_008, 32_000);

/** The paper's switch from 4k to 32k after a share of its 100,000 steps. */
function switchAt(share: number): Curriculum {
  return {
    total_tokens: PAPER_TOKENS,
    tokens_per_step: 2 ** 22,
    stages: [
      { sequence_length: 4096, share },
      { sequence_length: 32_768, share: 1 - share },
    ],
  };
}

describe('FLOPs', () => {
  it("print the four numbers of the paper's Table 10", () => {
    const printed = (share: number) => curriculumFlops(SEVEN_B, switchAt(share)).megatron.total.toExponential(3);
    expect(megatronFlops(SEVEN_B, 32_768, PAPER_TOKENS).toExponential(3)).toBe('3.783e+22');
    expect([0.2, 0.4, 0.8].map(printed)).toEqual(['3.405e+22', '3.026e+22', '2.270e+22']);
  });

  it('save 10, 20 and 40 % in the paper, and as much at the same length over width', () => {
    const nano = config(2, 64, 2, 2, 172, 512);
    const nanoSwitch = (share: number): Curriculum => ({
      total_tokens: 1000 * 512,
      tokens_per_step: 512,
      stages: [
        { sequence_length: 64, share },
        { sequence_length: 512, share: 1 - share },
      ],
    });
    for (const [share, saving] of [
      [0.2, 0.1],
      [0.4, 0.2],
      [0.8, 0.4],
    ]) {
      expect(curriculumFlops(SEVEN_B, switchAt(share)).megatron.saving).toBeCloseTo(saving, 10);
      expect(curriculumFlops(nano, nanoSwitch(share)).megatron.saving).toBeCloseTo(saving, 10);
    }
    // Causal attention is cheaper, so the causal-exact count saves less.
    expect(curriculumFlops(SEVEN_B, switchAt(0.8)).model.saving).toBeLessThan(0.4);
  });

  it.each([
    // Model and hardware TFLOP per row, share of attention in the model count.
    [config(6, 384, 6, 2, 1024, 4096), 4096, 0.5, 0.7, 46],
    [config(6, 384, 6, 2, 1024, 4096), 32_768, 17.0, 25.1, 87],
    [config(8, 512, 8, 2, 1408, 8192), 4096, 1.07, 1.46, 39],
    [config(30, 576, 9, 3, 1536, 49_152), 32_768, 138, 200, 81],
  ])('of causal-exact training agree with the planning table', (model, length, modelTflop, hardwareTflop, share) => {
    const counted = modelFlopsPerRow(model, length);
    expect(Math.abs(counted.total / 1e12 / modelTflop - 1)).toBeLessThan(0.01);
    expect(Math.abs(hardwareFlopsPerRow(model, length).total / 1e12 / hardwareTflop - 1)).toBeLessThan(0.01);
    expect(Math.round((100 * counted.attention) / counted.total)).toBe(share);
  });
});

describe('curriculum', () => {
  const curriculum: Curriculum = {
    total_tokens: 10_240,
    tokens_per_step: 1024,
    micro_batch_tokens: 700,
    stages: [
      { sequence_length: 64, share: 1 },
      { sequence_length: 256, share: 2 },
      { sequence_length: 512, share: 1 },
    ],
  };

  it('gives whole stages that add up, with rows and equal micro-batches', () => {
    const stages = curriculumSteps(curriculum);
    expect(stages).toEqual([
      { stage: 0, sequenceLength: 64, firstStep: 0, steps: 3, rows: 16, microBatches: 2, rowsPerMicroBatch: 8 },
      { stage: 1, sequenceLength: 256, firstStep: 3, steps: 5, rows: 4, microBatches: 2, rowsPerMicroBatch: 2 },
      { stage: 2, sequenceLength: 512, firstStep: 8, steps: 2, rows: 2, microBatches: 2, rowsPerMicroBatch: 1 },
    ]);
    expect(stages.reduce((sum, { steps }) => sum + steps, 0)).toBe(totalSteps(curriculum));
  });

  it('finds the stage of a step and of a token', () => {
    const stages = curriculumSteps(curriculum);
    expect([0, 2, 3, 7, 8, 9, 50].map((step) => stageAtStep(stages, step).stage)).toEqual([0, 0, 1, 1, 2, 2, 2]);
    expect([0, 3071, 3072, 10_239].map((tokens) => stageAtToken(curriculum, tokens).stage)).toEqual([0, 0, 1, 2]);
  });

  it('refuses stages without a step and rows that do not fit a micro-batch', () => {
    const tiny = { ...curriculum, total_tokens: 2048 };
    expect(() => curriculumSteps(tiny)).toThrow(/stage \d .* to last at least one step/);
    expect(() => curriculumSteps({ ...curriculum, micro_batch_tokens: 300 })).toThrow(/hold one row of 512 tokens/);
  });
});
