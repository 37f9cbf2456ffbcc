import { InputError } from '../../core/errors';
import type { PaceLimits } from '../../core/paceLimits';
import type { AssetReader, FileStore } from '../../core/ports';
import type { Recipe } from '../../core/recipe';
import type { RunPlan, RunRecord, RunSummary, StepRecord } from '../../core/records';
import { loadTokenizer } from '../../data/tokenizer';
import { type AdapterFacts, adapterName, type Gpu } from '../../gpu/device';
import { PipelineCache } from '../../gpu/pipelines';
import { defaultVariants } from '../../kernels/families';
import type { VariantSet } from '../../kernels/variants';
import { RunFolder } from '../../runs/runFolder';
import type { TrainingState } from '../../runs/trainingState';
import { ActiveRun, DivergedError, type RunStart } from '../activeRun';
import { type Blueprint, checkFits, createBlueprint } from '../blueprint';
import { pacedBlueprint } from '../calibrate';
import type { Checkpoint } from '../checkpoint';
import type { LoadedCheckpoint } from '../checkpointFiles';
import { Dataset } from '../dataset';
import type { OpenDevice } from '../labDevice';
import { resolveModel, tokenizerNameOf } from '../resolveModel';
import { startFromWeights } from '../runStart';
import { type TuningPorts, tuneRun } from '../tuneRun';

export interface TrainToFolderOptions {
  gpu: Gpu;
  assets: AssetReader;
  /** Where the run is kept. */
  files: FileStore;
  recipe: Recipe;
  /** What the recipe's `model.checkpoint` names. */
  checkpoint?: LoadedCheckpoint;
  resume: boolean;
  checkpointEvery: number;
  /** Stops after this many steps of this call. */
  maxSteps: number;
  /** Laid over the adapter's defaults, which are then not tuned; a resumed run keeps its own. */
  variants?: VariantSet;
  /** Absent: the deterministic defaults. */
  tuning?: TuningPorts;
  /** Longest dispatch and submit in milliseconds; default 50 and 200. */
  pace?: PaceLimits;
  /** Ends tuning; later writes a checkpoint between steps and stops. */
  signal?: AbortSignal;
  onTuning?(done: number, total: number, what: string): void;
  onCompile(done: number, total: number): void;
  onStep(step: StepRecord, plan: RunPlan): void;
}

export interface TrainResult {
  summary: RunSummary;
  /** The last step whose loss and gradient were finite. */
  last: StepRecord | undefined;
}

/** Records held back before they are written. */
const FLUSH_AT = 20;

/** Runs a recipe with its metrics and checkpoints going to a folder: the loop of the headless runner. */
export async function trainToFolder(options: TrainToFolderOptions): Promise<TrainResult> {
  const { gpu, assets, recipe, checkpoint, files } = options;
  const tokenizer = await loadTokenizer(assets, tokenizerNameOf(recipe, checkpoint));
  const { config, weights, baseLength } = resolveModel(recipe, tokenizer, checkpoint);
  const folder = new RunFolder(files);
  const variants = options.resume ? await folder.resume(recipe) : { ...defaultVariants(gpu.facts, config), ...options.variants };
  const pipelines = new PipelineCache(gpu.device);
  const blueprintOptions = { recipe, config, variants, baseLength };
  const whole = createBlueprint(blueprintOptions);
  checkFits(whole, gpu.facts);
  const tuned = await tunedVariants({ gpu, pipelines }, whole, options);
  const blueprint = await pacedBlueprint(gpu, pipelines, whole, blueprintOptions, { limits: options.pace, tuned });

  const start = options.resume ? startFromState(blueprint, await folder.readCheckpoint()) : startFromWeights(config, weights);
  if (options.resume) await folder.truncate(start.progress.step);
  else await folder.create({ recipe, variants: blueprint.variants });
  const beside = await tokenizerFiles(assets, tokenizer.name);
  const dataset = await Dataset.load(assets, tokenizer, []);
  const records: RunRecord[] = [];
  const emit = (record: RunRecord) => {
    records.push(record);
    if (record.type === 'step') options.onStep(record, blueprint.plan);
  };
  const run = await ActiveRun.create({
    gpu,
    pipelines,
    blueprint,
    dataset,
    start,
    emit,
    onCompile: options.onCompile,
  });
  const flush = () => folder.append(records.splice(0));
  const save = async () => {
    const state = stateOf(blueprint, await run.checkpoint());
    await flush();
    await folder.writeCheckpoint(config, state, tokenizer.name, beside);
  };

  const lastStep = Math.min(blueprint.plan.steps, start.progress.step + options.maxSteps);
  let status: RunSummary['status'] = 'finished';
  let reason: string | undefined;
  try {
    if (!options.resume) {
      for (const refusal of tuned?.refusals ?? []) run.note('tuning', refusal);
      await run.probe();
    }
    while (run.progress.step < lastStep && !options.signal?.aborted) {
      await run.step();
      if (run.probesDue) await run.probe();
      if (run.progress.step % options.checkpointEvery === 0) await save();
      else if (records.length > FLUSH_AT) await flush();
    }
    await run.settle();
    if (!run.exhausted) status = 'paused';
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    status = 'failed';
    reason = error.message;
  }
  await save();
  run.destroy();
  const all = await folder.records();
  const summary = summaryOf(blueprint, gpu.facts, status, reason);
  await folder.writeRecording({ version: 1, run: summary, records: all });
  return { summary, last: all.filter((record) => record.type === 'step').findLast(({ finite }) => finite) };
}

/** A new run's variants, unless they are given or not to be tuned. */
async function tunedVariants(device: OpenDevice, whole: Blueprint, options: TrainToFolderOptions) {
  const { resume, variants, tuning, signal, onTuning } = options;
  if (resume || variants || !tuning) return undefined;
  return tuneRun(device, whole, tuning, { signal, onProgress: onTuning });
}

function startFromState(blueprint: Blueprint, state: TrainingState): RunStart {
  const { layout } = blueprint.model;
  const { progress, adamSteps, scheduleStart, cursor } = state;
  return {
    progress,
    adamSteps,
    scheduleStart,
    // The stream checks its cursor when it is restored.
    cursor: cursor as Checkpoint['cursor'],
    weights: layout.pack(state.weights),
    moment1: layout.pack(state.moment1),
    moment2: layout.pack(state.moment2),
  };
}

function stateOf({ model }: Blueprint, checkpoint: Checkpoint): TrainingState {
  const { progress, adamSteps, scheduleStart, cursor } = checkpoint;
  const unpack = (flat: Float32Array) => model.layout.unpack(flat);
  return {
    progress,
    adamSteps,
    scheduleStart,
    cursor,
    weights: unpack(checkpoint.weights),
    moment1: unpack(checkpoint.moment1),
    moment2: unpack(checkpoint.moment2),
  };
}

/** What makes a checkpoint a complete Hugging Face folder. */
async function tokenizerFiles(assets: AssetReader, name: string): Promise<Map<string, Uint8Array>> {
  const files = ['tokenizer.json', 'tokenizer_config.json'];
  return new Map(await Promise.all(files.map(async (file) => [file, await assets.read(`tokenizers/${name}/${file}`)] as const)));
}

function summaryOf(blueprint: Blueprint, facts: AdapterFacts, status: RunSummary['status'], reason?: string): RunSummary {
  const { recipe, config, plan, variants } = blueprint;
  return {
    id: `recorded-${recipe.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`,
    name: recipe.name,
    recipe,
    status,
    reason,
    plan,
    adapter: adapterName(facts),
    variants: { ...variants },
    defaultVariants: defaultVariants(facts, config),
    createdAt: new Date().toISOString(),
    start: { step: 0, tokens: 0, flops: 0, seconds: 0 },
  };
}

/** Variants as given on a command line. */
export function parseVariants(text: string | undefined): VariantSet | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as VariantSet;
  } catch (error) {
    throw new InputError(
      '--variants',
      'a JSON object of operation to variant',
      (error as Error).message,
      'quote it for the shell',
    );
  }
}
