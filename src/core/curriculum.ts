/** What a recipe's curriculum means in steps, rows and FLOPs. Tokens per step are held constant, so rows shrink as sequences grow. */
import { InputError } from './errors';
import { hardwareFlopsPerToken, megatronFlops, modelFlopsPerToken } from './flops';
import type { ModelConfig } from './modelConfig';
import type { Recipe } from './recipe';

export type Curriculum = Recipe['curriculum'];

/** One stage: steps `firstStep` .. `firstStep + steps - 1` on rows of `sequenceLength` tokens. */
export interface CurriculumStage {
  /** Index into `curriculum.stages`. */
  stage: number;
  sequenceLength: number;
  firstStep: number;
  steps: number;
  /** Rows per step, over all micro-batches. */
  rows: number;
  microBatches: number;
  /** Rows in each micro-batch, the same in all: `rows = microBatches * rowsPerMicroBatch`, so one static plan serves the step. */
  rowsPerMicroBatch: number;
}

/** Whole steps in the run: total tokens over tokens per step, rounded, at least one. */
export function totalSteps(curriculum: Curriculum): number {
  return Math.max(1, Math.round(curriculum.total_tokens / curriculum.tokens_per_step));
}

/**
 * The stages in order. Shares are normalised by their sum, and boundaries are rounded to whole steps from cumulative shares, so that
 * the steps always add up to the total and a switch lies within half a step of where the recipe puts it.
 */
export function curriculumSteps(curriculum: Curriculum): CurriculumStage[] {
  const total = totalSteps(curriculum);
  const shares = curriculum.stages.map(({ share }) => share);
  const sum = shares.reduce((a, b) => a + b, 0);
  let before = 0;
  let firstStep = 0;
  return curriculum.stages.map(({ sequence_length: sequenceLength, share }, stage) => {
    before += share;
    const end = stage === shares.length - 1 ? total : Math.round((total * before) / sum);
    const steps = end - firstStep;
    if (steps < 1)
      throw new InputError(
        'curriculum',
        `stage ${stage} (sequence_length ${sequenceLength}) to last at least one step`,
        `${((total * share) / sum).toFixed(2)} steps of ${total}`,
        'raise its share or total_tokens, or lower tokens_per_step',
      );
    const result = { stage, sequenceLength, firstStep, steps, ...split(curriculum, sequenceLength) };
    firstStep = end;
    return result;
  });
}

/** The stage that holds a step; steps past the end belong to the last stage, which a prolonged run continues. */
export function stageAtStep(stages: readonly CurriculumStage[], step: number): CurriculumStage {
  return stages.findLast(({ firstStep }) => firstStep <= step) ?? stages[0];
}

/** The stage that the token after `tokens` trained tokens falls in. */
export function stageAtToken(curriculum: Curriculum, tokens: number): CurriculumStage {
  return stageAtStep(curriculumSteps(curriculum), Math.floor(tokens / curriculum.tokens_per_step));
}

/** FLOPs of a whole run in one way of counting, and the part saved against the longest stage's length from the first step on. */
export interface FlopTotal {
  total: number;
  fromTheStart: number;
  /** 1 - total / fromTheStart. */
  saving: number;
}

/** A run's FLOPs in the three conventions of `flops.ts`. The paper's savings are those under `megatron`. */
export interface CurriculumFlops {
  model: FlopTotal;
  hardware: FlopTotal;
  megatron: FlopTotal;
}

export function curriculumFlops(config: ModelConfig, curriculum: Curriculum): CurriculumFlops {
  const stages = curriculumSteps(curriculum);
  const longest = Math.max(...stages.map(({ sequenceLength }) => sequenceLength));
  const count = (perToken: (length: number) => number): FlopTotal => {
    const tokens = curriculum.tokens_per_step;
    const total = stages.reduce((sum, { sequenceLength, steps }) => sum + steps * tokens * perToken(sequenceLength), 0);
    const fromTheStart = totalSteps(curriculum) * tokens * perToken(longest);
    return { total, fromTheStart, saving: 1 - total / fromTheStart };
  };
  return {
    model: count((length) => modelFlopsPerToken(config, length)),
    hardware: count((length) => hardwareFlopsPerToken(config, length)),
    megatron: count((length) => megatronFlops(config, length, 1)),
  };
}

/** Rows per step and their split: the fewest equal micro-batches that respect `micro_batch_tokens`. */
function split(
  curriculum: Curriculum,
  sequenceLength: number,
): Pick<CurriculumStage, 'rows' | 'microBatches' | 'rowsPerMicroBatch'> {
  const rows = curriculum.tokens_per_step / sequenceLength;
  const limit = curriculum.micro_batch_tokens ?? curriculum.tokens_per_step;
  if (limit < sequenceLength)
    throw new InputError(
      'curriculum',
      `micro_batch_tokens to hold one row of ${sequenceLength} tokens`,
      limit,
      'raise micro_batch_tokens or lower the sequence_length',
    );
  let rowsPerMicroBatch = Math.min(rows, Math.floor(limit / sequenceLength));
  while (rows % rowsPerMicroBatch) rowsPerMicroBatch--;
  return { rows, microBatches: rows / rowsPerMicroBatch, rowsPerMicroBatch };
}
