import { type CurriculumStage, curriculumSteps, totalSteps } from '../core/curriculum';
import { InputError } from '../core/errors';
import { modelFlopsPerToken } from '../core/flops';
import { type ModelConfig, parameterCount } from '../core/modelConfig';
import type { Recipe } from '../core/recipe';
import type { RunPlan, StagePlan } from '../core/records';
import type { AdapterFacts } from '../gpu/device';
import type { Pace } from '../kernels/pace';
import type { Program } from '../kernels/program';
import type { VariantSet } from '../kernels/variants';
import { ProgramContext, type RowShape } from '../model/context';
import { planMemory } from '../model/engine';
import { optimizerProgram, trainProgram } from '../model/programs';
import { RotaryTableSet } from '../model/rotary';
import { ModelTensors } from '../model/tensors';
import { AttentionProbe } from '../probes/attention';
import { Evaluation } from '../probes/evaluation';
import { METRIC_STAGING_BYTES, stepSubmits } from '../training/stepper';

/** A run as static programs and numbers: everything that can be known, checked and shown before a GPU is touched. */
export interface Blueprint {
  recipe: Recipe;
  config: ModelConfig;
  variants: VariantSet;
  model: ModelTensors;
  rotary: RotaryTableSet;
  stages: { stage: CurriculumStage; program: Program }[];
  optimizer: Program;
  /** Losses on windows of the base's length and of the longest stage's. */
  evaluation: { short: Evaluation; long: Evaluation };
  attention: AttentionProbe;
  programs: Program[];
  plan: RunPlan;
}

/** Longest row that is planned at all: its rotary tables are computed before the adapter's limits are looked at. */
const LONGEST_ROW = 2 ** 20;

/** Rows of the attention probe: more would cost time, not precision that a plot can show. */
const ATTENTION_ROWS = 1;

export interface BlueprintOptions {
  recipe: Recipe;
  /** The model, with the recipe's position encoding already in `ropeParameters`. */
  config: ModelConfig;
  variants: VariantSet;
  /** Context the checkpoint was trained at; default the first stage's. */
  baseLength?: number;
  /** How long calls and submits may take; default any time. The bits of a run do not depend on it. */
  pace?: Pace;
}

export function createBlueprint({ recipe, config, variants, baseLength, pace }: BlueprintOptions): Blueprint {
  const stages = curriculumSteps(recipe.curriculum);
  const longest = Math.max(...stages.map(({ sequenceLength }) => sequenceLength));
  const short = recipe.probes.base_length ?? baseLength ?? stages[0].sequenceLength;
  if (Math.max(longest, short) > LONGEST_ROW)
    throw new InputError(
      'recipe',
      `rows of at most ${LONGEST_ROW} tokens`,
      Math.max(longest, short),
      'lower the sequence_length',
    );
  const maxTokens = Math.max(longest, short, ...stages.map((stage) => stage.rowsPerMicroBatch * stage.sequenceLength));
  const model = new ModelTensors(config, maxTokens, { half: recipe.precision === 'float16' });
  const rotary = new RotaryTableSet(config, [...stages.map(({ sequenceLength }) => sequenceLength), short, longest]);
  const context = (shape: RowShape) => new ProgramContext(model, rotary, variants, shape, { pace });

  const trained = stages.map((stage) => ({
    stage,
    program: trainProgram(context({ rows: stage.rowsPerMicroBatch, length: stage.sequenceLength })),
  }));
  const optimizer = optimizerProgram(model, pace);
  const { validation_rows: rows, attention_queries: queries } = recipe.probes;
  const evaluation = {
    short: new Evaluation(context({ rows: rowsThatFit(rows, short, maxTokens), length: short })),
    long: new Evaluation(context({ rows: rowsThatFit(rows, longest, maxTokens), length: longest })),
  };
  const attention = new AttentionProbe(context({ rows: ATTENTION_ROWS, length: longest }), queries);
  const programs = [
    ...trained.map(({ program }) => program),
    optimizer,
    evaluation.short.program,
    evaluation.long.program,
    attention.program,
  ];
  return {
    recipe,
    config,
    variants,
    model,
    rotary,
    stages: trained,
    optimizer,
    evaluation,
    attention,
    programs,
    plan: summarise(recipe, config, trained, optimizer, programs),
  };
}

/** Throws an InputError, with the nearest length that fits, when the plan asks for more than the adapter has. */
export function checkFits(blueprint: Blueprint, { limits, features }: Pick<AdapterFacts, 'limits' | 'features'>): void {
  const { plan, recipe } = blueprint;
  if (blueprint.model.half && !features.includes('shader-f16'))
    throw new InputError(
      'recipe',
      'precision float32, since this adapter has no shader-f16',
      recipe.precision,
      'change precision, or use another adapter',
    );
  if (fitsLimits(plan, limits)) return;
  const longest = Math.max(...plan.stages.map(({ sequenceLength }) => sequenceLength));
  const fits = nearestFit(blueprint, limits);
  throw new InputError(
    'memory plan',
    `bindings of at most ${mebibytes(limits.maxStorageBufferBindingSize)} and buffers of ${mebibytes(limits.maxBufferSize)}, this adapter's limits`,
    `${mebibytes(plan.largestBindingBytes)} and ${mebibytes(plan.largestBufferBytes)} at ${longest} tokens (${recipe.name})`,
    fits
      ? `the nearest that fits is micro_batch_tokens and sequence_length of at most ${fits}`
      : 'even one token does not fit: use a smaller model',
  );
}

function fitsLimits(plan: RunPlan, limits: Record<string, number>): boolean {
  return plan.largestBindingBytes <= limits.maxStorageBufferBindingSize && plan.largestBufferBytes <= limits.maxBufferSize;
}

/** Halves the longest micro-batch until the plan fits; undefined when the weights alone do not. */
function nearestFit({ recipe, config, variants }: Blueprint, limits: Record<string, number>): number | undefined {
  const lengths = recipe.curriculum.stages.map((stage) => stage.sequence_length);
  for (let longest = Math.max(...lengths) / 2; longest >= 1 && Number.isInteger(longest); longest /= 2) {
    const stages = recipe.curriculum.stages.map((stage) => ({
      ...stage,
      sequence_length: Math.min(stage.sequence_length, longest),
    }));
    const smaller: Recipe = {
      ...recipe,
      curriculum: { ...recipe.curriculum, stages, micro_batch_tokens: longest },
      probes: { ...recipe.probes, base_length: Math.min(recipe.probes.base_length ?? longest, longest) },
    };
    if (fitsLimits(createBlueprint({ recipe: smaller, config, variants }).plan, limits)) return longest;
  }
  return undefined;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** The largest divisor of `rows` whose tokens fit one micro-batch, so that a whole number of runs covers them. */
function rowsThatFit(rows: number, length: number, maxTokens: number): number {
  let fit = Math.max(1, Math.min(rows, Math.floor(maxTokens / length)));
  while (rows % fit) fit--;
  return fit;
}

function summarise(
  recipe: Recipe,
  config: ModelConfig,
  trained: Blueprint['stages'],
  optimizer: Program,
  programs: Program[],
): RunPlan {
  const stages = trained.map(({ stage, program }): StagePlan => {
    const memory = planMemory([program, optimizer], METRIC_STAGING_BYTES);
    const tokens = stage.rows * stage.sequenceLength;
    return {
      sequenceLength: stage.sequenceLength,
      steps: stage.steps,
      tokens: stage.steps * tokens,
      rowsPerStep: stage.rows,
      microBatches: stage.microBatches,
      flopsPerStep: tokens * modelFlopsPerToken(config, stage.sequenceLength),
      hardwareFlopsPerStep: stage.microBatches * program.flops + optimizer.flops,
      dispatchesPerStep: stage.microBatches * program.dispatches.length + optimizer.dispatches.length,
      submitsPerStep: stepSubmits(program, stage.microBatches, optimizer).length,
      bytes: memory.bytes as Record<string, number>,
      totalBytes: memory.totalBytes,
    };
  });
  const memory = planMemory(programs, METRIC_STAGING_BYTES);
  const sum = (value: (stage: StagePlan) => number) => stages.reduce((total, stage) => total + value(stage), 0);
  const longest = Math.max(...stages.map(({ sequenceLength }) => sequenceLength));
  const tokens = sum((stage) => stage.tokens);
  return {
    parameters: parameterCount(config),
    stages,
    steps: totalSteps(recipe.curriculum),
    tokens,
    flops: sum((stage) => stage.steps * stage.flopsPerStep),
    hardwareFlops: sum((stage) => stage.steps * stage.hardwareFlopsPerStep),
    longFromStartFlops: tokens * modelFlopsPerToken(config, longest),
    bytes: memory.bytes as Record<string, number>,
    totalBytes: memory.totalBytes,
    largestBindingBytes: memory.largestBindingBytes,
    largestBufferBytes: memory.largestBufferBytes,
  };
}
