import { InputError } from '../core/errors';
import type { Intervention, InterventionEffect, Scores } from '../core/intervention';
import { type LiveChanges, withLiveChanges } from '../core/liveChanges';
import type { AssetReader } from '../core/ports';
import { type RopeParameters, ropeParametersSchema } from '../core/positionEncoding';
import type { StepProfile } from '../core/profile';
import { inputErrorFrom, parseRecipe, type Recipe } from '../core/recipe';
import type { ForkOptions, RunPlan, RunSummary } from '../core/records';
import type { UserFile } from '../data/userSource';
import { adapterName } from '../gpu/device';
import { DeviceLostError } from '../gpu/errors';
import { defaultVariants } from '../kernels/families';
import { DivergedError, type RunStart } from './activeRun';
import type { GenerateOptions, GenerateResult, LabApi, LabEvent, LabFacts, OpenOptions, SourceSummary } from './api';
import type { Blueprint } from './blueprint';
import { measureFlopsPerSecond } from './calibrate';
import { Catalogue } from './catalogue';
import { Datasets } from './datasets';
import { generateText } from './generate';
import { intervene } from './intervene';
import { LabDevice } from './labDevice';
import { Mutex } from './mutex';
import { type PreparedRun, type PrepareOptions, prepareRun } from './prepareRun';
import { DEFAULT_TOKENIZER, resolveModel, tokenizerNameOf } from './resolveModel';
import { type RunEntry, RunRegistry } from './runRegistry';
import { forkRecipe, sameArchitecture, startFromFork, startFromWeights } from './runStart';
import { SessionRun, type SessionRunPorts } from './sessionRun';
import { SessionTuning } from './sessionTuning';
import { profileStep } from './stepProfile';
import type { TuningPorts } from './tuneRun';

/** What the session needs from the platform. */
export interface SessionPorts {
  gpu: GPU | undefined;
  createAssets(base: string): AssetReader;
  /** Absent: every operation has its deterministic default. */
  tuning?: TuningPorts;
}

/** Seconds of training after which the in-memory checkpoint is renewed at the next probe. */
const CHECKPOINT_SECONDS = 30;

/**
 * The lab: one device, the runs of this session, and the loop that trains the active one. Commands take the device in turn, so each acts
 * between two training steps. Knows nothing of comlink, workers or pages.
 */
export class LabSession implements LabApi {
  private readonly mutex = new Mutex();
  private readonly runs = new RunRegistry();
  private catalogue!: Catalogue;
  private datasets!: Datasets;
  private readonly device: LabDevice;
  private emit: (event: LabEvent) => void = () => {};
  private active: SessionRun | undefined;
  private training = false;
  /** Aborted by a pause: ends the step that is under way. */
  private advancing = new AbortController();
  private generating: AbortController | undefined;
  /** Absent: every operation has its deterministic default. */
  private tuning: SessionTuning | undefined;

  constructor(private readonly ports: SessionPorts) {
    this.device = new LabDevice(ports.gpu, (error) => this.onLost(error));
  }

  async open(assetsBase: string, onEvent: (event: LabEvent) => void, options: OpenOptions = {}): Promise<LabFacts> {
    this.emit = onEvent;
    const { tuning } = this.ports;
    if (tuning) {
      const budgetMs = options.tuningSeconds === undefined ? tuning.budgetMs : 1000 * options.tuningSeconds;
      this.tuning = new SessionTuning({ ...tuning, budgetMs }, onEvent);
    }
    this.catalogue = new Catalogue(this.ports.createAssets(assetsBase));
    this.datasets = new Datasets(this.catalogue);
    const { gpu, pipelines } = await this.device.open();
    const [checkpoints, recipes, flopsPerSecond] = await Promise.all([
      this.catalogue.models(),
      this.catalogue.recipes(),
      measureFlopsPerSecond(gpu, pipelines),
    ]);
    const { sources, tokenizers } = await this.catalogue.sources(checkpoints[0]?.tokenizer ?? tokenizerNameOf(recipes[0]));
    const { vendor, architecture, isSoftware, features, limits } = gpu.facts;
    const adapter = { name: adapterName(gpu.facts), vendor, architecture, isSoftware, features, limits, flopsPerSecond };
    return { adapter, sources, checkpoints, tokenizers, recipes };
  }

  async plan(value: unknown): Promise<RunPlan> {
    const { blueprint } = await this.prepare(parseRecipe(value), { paced: false });
    return blueprint.plan;
  }

  create(value: unknown): Promise<RunSummary> {
    return this.between(async () => {
      const { tuning } = this;
      const tune = tuning && (async (whole: Blueprint) => tuning.tune(await this.device.open(), whole));
      const prepared = await this.prepare(parseRecipe(value), { paced: true, tune });
      const { config, weights } = resolveModel(prepared.blueprint.recipe, prepared.tokenizer, prepared.checkpoint);
      return this.begin({ ...prepared, refusals: prepared.tuned?.refusals }, startFromWeights(config, weights));
    });
  }

  async skipTuning(): Promise<void> {
    this.tuning?.skip();
  }

  async train(): Promise<void> {
    // In turn, so that the loop a pause is about to end has ended.
    await this.between(async () => {
      const active = this.requireActive();
      if (this.training) return;
      requireStepsLeft('train', active.entry);
      this.training = true;
      active.setStatus('training');
      void this.loop(active);
    });
  }

  async pause(): Promise<void> {
    this.training = false;
    this.advancing.abort();
    await this.between(async () => {
      await this.active?.keep();
      this.active?.pause();
    });
  }

  async step(): Promise<void> {
    await this.pause();
    requireStepsLeft('step', this.requireActive().entry);
    await this.guarded(async (active) => {
      await this.advance(active);
      await active.settle();
      if (active.entry.summary.status === 'ready') active.setStatus('paused');
    });
  }

  async reset(): Promise<RunSummary> {
    await this.pause();
    return this.between(async () => {
      const { entry } = this.requireActive();
      return this.begin(entry, entry.start, entry.summary.parent);
    });
  }

  async applyLive(changes: LiveChanges): Promise<void> {
    await this.between(async () => {
      const active = this.requireActive();
      const recipe = parseRecipe(withLiveChanges(active.entry.summary.recipe, changes));
      const run = await active.realise();
      run.applyLive(changes);
      active.summarise({ recipe });
    });
  }

  async fork(value: unknown, options: ForkOptions): Promise<RunSummary> {
    const asked = parseRecipe(value);
    await this.pause();
    return this.between(async () => {
      const active = this.requireActive();
      const { entry } = active;
      const checkpoint = await (await active.realise()).checkpoint();
      const prepared = await this.prepare(forkRecipe(asked, checkpoint, options), {
        variants: entry.blueprint.variants,
        paced: true,
      });
      if (!sameArchitecture(entry.blueprint.config, prepared.blueprint.config))
        throw new InputError(
          'fork',
          'a model with the tensors of the running one',
          'another model',
          'start a new run with it: weights cannot be carried over',
        );
      const parent = { id: entry.summary.id, step: checkpoint.progress.step, options };
      entry.checkpoint = checkpoint;
      return this.begin(prepared, startFromFork(checkpoint, prepared.blueprint.recipe, options), parent);
    });
  }

  async activate(runId: string): Promise<RunSummary> {
    const entry = this.runs.get(runId);
    if (!entry)
      throw new InputError('activate run', 'a run of this session', runId, 'recorded runs can be viewed but not continued');
    return this.between(async () => {
      await this.shelve();
      this.makeActive(entry);
      return entry.summary;
    });
  }

  profile(): Promise<StepProfile> {
    return this.between(async () => {
      const run = await this.requireActive().realise();
      await run.settle();
      const { gpu, pipelines } = await this.device.open();
      return profileStep(run, gpu, pipelines);
    });
  }

  async probe(): Promise<void> {
    await this.guarded(async (active) => void (await (await active.realise()).probe()));
  }

  intervene(intervention: Intervention): Promise<InterventionEffect> {
    return this.between(async () => intervene(await this.requireActive().realise(), intervention));
  }

  sweepEncodings(encodings: readonly RopeParameters[], onScores: (at: number, scores: Scores) => void): Promise<void> {
    return this.between(async () => {
      const run = await this.requireActive().realise();
      for (const [at, rope] of encodings.entries()) {
        const checked = ropeParametersSchema.safeParse(rope);
        if (!checked.success) throw inputErrorFrom('encoding', checked.error);
        onScores(at, await run.underEncoding(checked.data, () => run.probes.score(run.probes.text)));
      }
    });
  }

  generate(options: GenerateOptions, onText: (text: string) => void): Promise<GenerateResult> {
    const abort = new AbortController();
    this.generating = abort;
    return this.between(async () => {
      const active = this.requireActive();
      const run = await active.realise();
      await run.settle();
      const { gpu, pipelines } = await this.device.open();
      const tokenizer = await this.catalogue.tokenizer(active.entry.tokenizerName);
      return generateText({ gpu, pipelines, run, tokenizer, options, onText, signal: abort.signal });
    });
  }

  async cancelGenerate(): Promise<void> {
    this.generating?.abort();
  }

  addSource(name: string, files: UserFile[], onProgress: (share: number) => void): Promise<SourceSummary> {
    const tokenizerName = this.active?.entry.tokenizerName ?? DEFAULT_TOKENIZER;
    return this.datasets.addSource(name, files, tokenizerName, onProgress);
  }

  async recover(): Promise<RunSummary | undefined> {
    this.training = false;
    return this.between(async () => {
      const entry = this.active?.entry;
      await this.device.open();
      if (!entry) return undefined;
      const active = this.makeActive(entry);
      if (entry.summary.status !== 'finished') active.setStatus(entry.checkpoint ? 'paused' : 'ready');
      return entry.summary;
    });
  }

  /** Trains until paused, finished or stopped; gives commands their turn between steps. */
  private async loop(active: SessionRun): Promise<void> {
    const alive = () => this.training && this.active === active;
    while (alive()) {
      const goesOn = await this.guarded(async () => {
        if (alive()) await this.advance(active);
      }).catch(() => false); // The run says why it failed; nobody awaits the loop.
      if (!goesOn) this.training = false;
    }
  }

  /** One step, and the probes where they are due; a pause ends it before the next submit. */
  private async advance(active: SessionRun): Promise<void> {
    this.advancing = new AbortController();
    const { signal } = this.advancing;
    const { entry } = active;
    const run = await active.realise();
    if (run.progress.step === entry.start.progress.step && !run.isProbed) await run.probe();
    if (signal.aborted || (!run.exhausted && !(await run.step(signal)))) return;
    if (run.probesDue) {
      await run.probe();
      const kept = entry.checkpoint?.progress.seconds ?? Number.NEGATIVE_INFINITY;
      if (run.progress.seconds - kept > CHECKPOINT_SECONDS || run.exhausted) entry.checkpoint = await run.checkpoint();
    }
    if (run.exhausted) {
      this.training = false;
      active.setStatus('finished');
    }
  }

  /** A turn of work on the active run; a run that cannot go on is marked so, at its last good step. False when it stopped. */
  private guarded(work: (active: SessionRun) => Promise<void>): Promise<boolean> {
    return this.between(async () => {
      const active = this.requireActive();
      try {
        await work(active);
        return true;
      } catch (error) {
        this.training = false;
        if (error instanceof DeviceLostError) return false;
        active.fail(error);
        if (!(error instanceof DivergedError)) throw error;
        await active.keep();
        return false;
      }
    });
  }

  /** A command's turn on the device. What it recorded is with the receiver before the command resolves. */
  private async between<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.mutex.run(work);
    } finally {
      if (!this.training) this.active?.flush();
    }
  }

  private async prepare(recipe: Recipe, options: PrepareOptions): Promise<PreparedRun> {
    return prepareRun(this.catalogue, await this.device.open(), recipe, options);
  }

  private async begin(
    of: Pick<RunEntry, 'blueprint' | 'tokenizerName' | 'refusals'>,
    start: RunStart,
    parent?: RunSummary['parent'],
  ): Promise<RunSummary> {
    const { blueprint, tokenizerName, refusals = [] } = of;
    // Wrong source names must be refused before the running experiment is touched.
    await this.datasets.check(blueprint.recipe, tokenizerName);
    await this.shelve();
    const { facts } = (await this.device.open()).gpu;
    const entry = this.runs.add(
      { blueprint, tokenizerName, start, refusals },
      {
        name: blueprint.recipe.name,
        parent,
        adapter: adapterName(facts),
        defaultVariants: defaultVariants(facts, blueprint.config),
      },
    );
    const active = this.makeActive(entry);
    this.emit({ type: 'run', run: entry.summary });
    for (const text of refusals) active.record({ type: 'note', kind: 'tuning', text, ...start.progress });
    return entry.summary;
  }

  private makeActive(entry: RunEntry): SessionRun {
    const ports: SessionRunPorts = {
      emit: (event) => this.emit(event),
      openDevice: () => this.device.open(),
      loadText: (tokenizerName) => this.datasets.load(tokenizerName),
    };
    this.active = new SessionRun(entry, ports);
    return this.active;
  }

  /** Puts the active run aside. */
  private async shelve(): Promise<void> {
    this.training = false;
    await this.active?.shelve();
    this.active = undefined;
  }

  private requireActive(): SessionRun {
    if (!this.active) throw new InputError('lab', 'an active run', 'none', 'create one first');
    return this.active;
  }

  private onLost(error: DeviceLostError): void {
    this.training = false;
    const entry = this.active?.entry;
    this.active?.forgetDevice();
    this.emit({
      type: 'device-lost',
      message: error.message,
      checkpointStep: (entry?.checkpoint ?? entry?.start)?.progress.step,
    });
  }
}

function requireStepsLeft(command: string, { summary }: RunEntry): void {
  if (summary.status === 'finished')
    throw new InputError(command, 'a run with steps left', 'a finished run', 'fork it with more tokens, or reset it');
}
