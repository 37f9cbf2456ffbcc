import type { CurriculumStage } from '../core/curriculum';
import { InputError } from '../core/errors';
import { type LiveChanges, withLiveChanges } from '../core/liveChanges';
import type { RopeParameters } from '../core/positionEncoding';
import type { Recipe } from '../core/recipe';
import type {
  AttentionRecord,
  NoteRecord,
  Progress,
  RetrievalRecord,
  RunRecord,
  StepRecord,
  ValidationRecord,
} from '../core/records';
import type { DataStream } from '../data/dataStream';
import { assertHealthy, type Gpu, withErrorScopes } from '../gpu/device';
import type { PipelineCache } from '../gpu/pipelines';
import { type CompileProgress, Engine } from '../model/engine';
import type { NamedWeights } from '../model/weights';
import { type PendingStep, Trainer, type TrainerState } from '../training/trainer';
import type { Blueprint } from './blueprint';
import { type Checkpoint, restoreCheckpoint, takeCheckpoint } from './checkpoint';
import { type Dataset, sharesOf } from './dataset';
import { Probes } from './probes';

/** How a run begins: weights and moments, where it stands, and where its data stream is. */
export type RunStart = Omit<Checkpoint, 'cursor'> & { cursor?: Checkpoint['cursor'] };

/** Steps submitted ahead of the last one whose result is known. */
const STEPS_IN_FLIGHT = 2;

/** Thrown when training cannot go on; the weights are those of the last good step. */
export class DivergedError extends InputError {
  override name = 'DivergedError';
}

/**
 * One run on one device: its engine, trainer, data stream and probes. Emits records in order. Between calls it is always at a step
 * boundary with nothing in flight, so weights can be read, probed or forked at any time.
 */
export class ActiveRun {
  private readonly pending: PendingStep[] = [];
  private lastGood: Progress;
  /** Step at which the weights were last probed. */
  private probedStep: number | undefined;

  private constructor(
    readonly blueprint: Blueprint,
    readonly engine: Engine,
    private readonly trainer: Trainer,
    readonly stream: DataStream,
    readonly probes: Probes,
    private readonly gpu: Gpu,
    private readonly emit: (record: RunRecord) => void,
  ) {
    this.lastGood = { ...trainer.progress };
  }

  static async create(options: {
    gpu: Gpu;
    pipelines: PipelineCache;
    blueprint: Blueprint;
    dataset: Dataset;
    start: RunStart;
    emit: (record: RunRecord) => void;
    onCompile?: CompileProgress;
  }): Promise<ActiveRun> {
    const { gpu, pipelines, blueprint, dataset, start, emit, onCompile } = options;
    const { recipe, model, rotary } = blueprint;
    const stream = dataset.stream(sharesOf(recipe), recipe.seed);
    if (start.cursor) {
      stream.restore(start.cursor);
      // Setting shares forgets what each source is owed, so an unchanged mix is left alone: a fork that changes nothing must not differ.
      if (!sameShares(start.cursor, recipe)) stream.setShares(sharesOf(recipe));
    }
    const engine = await Engine.create(gpu, pipelines, blueprint.programs, onCompile);
    let trainer: Trainer | undefined;
    try {
      return await withErrorScopes(gpu.device, 'begin training', () => {
        for (const { tensor, values } of rotary.contents()) engine.write(tensor, values);
        restoreCheckpoint(engine, model, start);
        const probes = new Probes(engine, blueprint, dataset);
        const programs = { stages: blueprint.stages, optimizer: blueprint.optimizer, totalSteps: blueprint.plan.steps };
        trainer = new Trainer(engine, model, programs, stream, recipe, start);
        return new ActiveRun(blueprint, engine, trainer, stream, probes, gpu, emit);
      });
    } catch (error) {
      trainer?.destroy();
      engine.destroy();
      throw error;
    }
  }

  get progress(): Progress {
    return this.trainer.progress;
  }

  /** The stage of the next step. */
  get stage(): CurriculumStage {
    return this.trainer.stage;
  }

  get state(): TrainerState {
    const { progress, adamSteps, scheduleStart } = this.trainer;
    return { progress, adamSteps, scheduleStart };
  }

  /** Whether the recipe's last step has been submitted. */
  get exhausted(): boolean {
    return this.trainer.finished;
  }

  /** Whether the probes of the recipe's cadence are due at this step: every so many, at a stage's start, and at the end. */
  get probesDue(): boolean {
    const { step } = this.trainer.progress;
    const every = this.trainer.probeEverySteps;
    return (
      step % every === 0 ||
      step === this.blueprint.plan.steps ||
      this.blueprint.stages.some(({ stage }) => stage.firstStep === step)
    );
  }

  /** Whether the weights have been probed as they are now. */
  get isProbed(): boolean {
    return this.probedStep === this.progress.step;
  }

  /**
   * Submits the next step and takes in results that are due. @throws DivergedError at the last good step.
   * @param signal ends the step within a submit, unless its optimizer has begun.
   * @returns false where it did: the step has not happened, and the next call takes it from its beginning.
   */
  async step(signal?: AbortSignal): Promise<boolean> {
    const at = { ...this.progress };
    const submitted = await this.trainer.submit(signal);
    if (!submitted) return false;
    this.noteStageSwitch(at);
    // Rejects when it is settled; with the device lost, an earlier step's rejection comes first and this one would go unhandled.
    submitted.record.catch(() => undefined);
    this.pending.push(submitted);
    while (this.pending.length >= STEPS_IN_FLIGHT) await this.settleOne();
    return true;
  }

  /** Waits for every submitted step. */
  async settle(): Promise<void> {
    while (this.pending.length) await this.settleOne();
    assertHealthy(this.gpu);
  }

  /** Validation, attention and retrieval on the current weights. */
  async probe(): Promise<(ValidationRecord | AttentionRecord | RetrievalRecord)[]> {
    await this.settle();
    const records = await this.probes.run(this.progress);
    for (const record of records) this.emit(record);
    this.probedStep = this.progress.step;
    return records;
  }

  /** Does work on altered weights, then puts back the bits that were there. */
  async withWeights<T>(alter: (weights: NamedWeights) => NamedWeights, work: () => Promise<T>): Promise<T> {
    await this.settle();
    const { layout, optimizer } = this.blueprint.model;
    const [bits] = await this.engine.read([optimizer.weights]);
    this.engine.write(optimizer.weights, layout.pack(alter(layout.unpack(bits))));
    try {
      return await work();
    } finally {
      this.engine.write(optimizer.weights, bits);
    }
  }

  /** Does work on the weights as they are under another encoding, then puts the run's own back. */
  async underEncoding<T>(rope: RopeParameters, work: () => Promise<T>): Promise<T> {
    await this.settle();
    const { rotary } = this.blueprint;
    for (const { tensor, values } of rotary.under(rope)) this.engine.write(tensor, values);
    try {
      return await work();
    } finally {
      for (const { tensor, values } of rotary.contents()) this.engine.write(tensor, values);
    }
  }

  async checkpoint(): Promise<Checkpoint> {
    await this.settle();
    return takeCheckpoint(this.engine, this.blueprint.model, this.state, this.stream.cursor());
  }

  /** Turns live knobs; they act at the next step and are recorded. */
  applyLive(changes: LiveChanges): void {
    if (changes.shares) this.stream.setShares(changes.shares);
    this.trainer.recipe = withLiveChanges(this.trainer.recipe, changes);
    this.note(
      'live',
      Object.entries(changes)
        .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
        .join(', '),
    );
  }

  note(kind: NoteRecord['kind'], text: string): void {
    this.emit({ type: 'note', kind, text, ...this.progress });
  }

  destroy(): void {
    this.trainer.destroy();
    this.engine.destroy();
  }

  private async settleOne(): Promise<void> {
    const [{ record }] = this.pending;
    const result = await record;
    this.pending.shift();
    if (!result.finite) await this.stopDiverged(result);
    const { step, tokens, flops, seconds } = result;
    this.lastGood = { step, tokens, flops, seconds };
    this.emit(result);
  }

  private async stopDiverged(result: StepRecord): Promise<never> {
    // The optimizer has refused every step since, so the weights are still those of the last good one.
    await Promise.allSettled(this.pending.splice(0).map(({ record }) => record));
    this.trainer.rewind(this.lastGood);
    this.emit(result);
    const reason = Number.isFinite(result.loss) ? `gradient norm ${result.gradNorm}` : `loss ${result.loss}`;
    this.note('stop', `step ${result.step}: ${reason}`);
    throw new DivergedError(
      'training',
      'a finite loss and gradient',
      `${reason} at step ${result.step}`,
      `the weights are those of step ${this.lastGood.step}; fork from it with a lower learning rate`,
    );
  }

  private noteStageSwitch(at: Progress): void {
    const stage = this.blueprint.stages.find((candidate) => candidate.stage.firstStep === at.step)?.stage;
    if (stage?.stage) this.emit({ type: 'note', kind: 'stage', text: `rows of ${stage.sequenceLength} tokens`, ...at });
  }
}

function sameShares(cursor: Checkpoint['cursor'], recipe: Recipe): boolean {
  const total = recipe.data.sources.reduce((sum, { share }) => sum + share, 0);
  return recipe.data.sources.every(({ name, share }) => Math.abs((cursor.sources[name]?.share ?? 0) - share / total) < 1e-12);
}
