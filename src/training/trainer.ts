import type { Batch } from '../core/batch';
import { type CurriculumStage, stageAtStep } from '../core/curriculum';
import { modelFlopsPerToken } from '../core/flops';
import type { Recipe } from '../core/recipe';
import type { Progress, StepRecord } from '../core/records';
import { learningRateAt } from '../core/schedule';
import type { Program } from '../kernels/program';
import type { Engine } from '../model/engine';
import type { ModelTensors } from '../model/tensors';
import { type StepMetrics, Stepper } from './stepper';

/** What the trainer replays: one program per stage and the optimizer. */
export interface TrainingPrograms {
  stages: readonly { stage: CurriculumStage; program: Program }[];
  optimizer: Program;
  totalSteps: number;
}

/** Where training draws its rows from; a step that is given up is drawn again. */
export interface BatchSource<Cursor = unknown> {
  next(rows: number, length: number): Batch;
  cursor(): Cursor;
  restore(cursor: Cursor): void;
}

/** Where a run stands between steps. */
export interface TrainerState {
  progress: Progress;
  /** AdamW updates done since the moments were zero. */
  adamSteps: number;
  /** First step of the learning-rate schedule: 0, or the fork that restarted it. */
  scheduleStart: number;
}

/** A step on the GPU's queue; its record arrives when the GPU is done with it. */
export interface PendingStep {
  record: Promise<StepRecord>;
}

/**
 * Runs a recipe's optimizer steps over static programs. Steps are submitted ahead of their results; `progress` counts submitted ones.
 * Knows nothing of probes, checkpoints or interfaces.
 */
export class Trainer {
  progress: Progress;
  adamSteps: number;
  readonly scheduleStart: number;
  /** As it reads now: live changes replace it. */
  recipe: Recipe;

  private readonly stepper: Stepper;
  private lastDone = 0;

  constructor(
    engine: Engine,
    private readonly model: ModelTensors,
    private readonly programs: TrainingPrograms,
    private readonly source: BatchSource,
    recipe: Recipe,
    start: TrainerState,
  ) {
    this.recipe = recipe;
    this.progress = start.progress;
    this.adamSteps = start.adamSteps;
    this.scheduleStart = start.scheduleStart;
    this.stepper = new Stepper(engine, model, programs.optimizer);
    engine.write(model.optimizer.metrics, new Float32Array([0, 0, 1, 1]));
  }

  get finished(): boolean {
    return this.progress.step >= this.programs.totalSteps;
  }

  get probeEverySteps(): number {
    return this.recipe.probes.every_steps;
  }

  /** The stage of the next step. */
  get stage(): CurriculumStage {
    return stageAtStep(this.stages(), this.progress.step);
  }

  /**
   * Submits the next step. Call `await record` of an earlier step first to bound the queue.
   * @returns undefined when the signal ended the step on its way: then nothing has happened, and the next call takes the same rows.
   */
  async submit(signal?: AbortSignal): Promise<PendingStep | undefined> {
    const { step } = this.progress;
    const stage = this.stage;
    const { program } = this.programs.stages.find((candidate) => candidate.stage === stage)!;
    const cursor = this.source.cursor();
    const batches = Array.from({ length: stage.microBatches }, () =>
      this.source.next(stage.rowsPerMicroBatch, stage.sequenceLength),
    );
    const schedule = this.recipe.optimizer;
    const learningRate = learningRateAt(schedule, step - this.scheduleStart, this.programs.totalSteps - this.scheduleStart);
    const tokens = stage.rows * stage.sequenceLength;
    const started = performance.now();
    const settings = {
      learningRate,
      betas: schedule.betas,
      eps: schedule.eps,
      weightDecay: schedule.weight_decay,
      maxGradNorm: schedule.max_grad_norm,
    };
    let metrics: Promise<StepMetrics>;
    try {
      ({ metrics } = await this.stepper.submit(program, batches, settings, this.adamSteps + 1, signal));
    } catch (error) {
      this.source.restore(cursor);
      if (signal?.aborted) return undefined;
      throw error;
    }
    this.adamSteps++;
    this.progress = {
      ...this.progress,
      step: step + 1,
      tokens: this.progress.tokens + tokens,
      flops: this.progress.flops + tokens * modelFlopsPerToken(this.model.config, stage.sequenceLength),
    };
    const submitted = { ...this.progress };
    return {
      record: metrics.then((result) => this.finish(result, submitted, stage, tokens, started, learningRate)),
    };
  }

  /** Takes back the submitted steps that the optimizer refused. Their rows stay drawn, so the next step sees others. */
  rewind(progress: Progress): void {
    this.adamSteps -= this.progress.step - progress.step;
    this.progress = { ...progress };
  }

  destroy(): void {
    this.stepper.destroy();
  }

  private finish(
    metrics: StepMetrics,
    submitted: Progress,
    stage: CurriculumStage,
    tokens: number,
    started: number,
    learningRate: number,
  ): StepRecord {
    const now = performance.now();
    // With steps in flight a step takes from the end of the one before it; after a pause, from its own submission.
    const stepMs = now - Math.max(started, this.lastDone);
    this.lastDone = now;
    this.progress.seconds += stepMs / 1000;
    return {
      type: 'step',
      ...submitted,
      seconds: this.progress.seconds,
      stage: stage.stage,
      sequenceLength: stage.sequenceLength,
      loss: metrics.loss,
      gradNorm: metrics.gradNorm,
      learningRate,
      tokensPerSecond: tokens / (stepMs / 1000),
      stepMs,
      finite: metrics.finite,
    };
  }

  private stages(): CurriculumStage[] {
    return this.programs.stages.map(({ stage }) => stage);
  }
}
