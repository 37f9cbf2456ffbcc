import type { AssetReader, FileStore } from '../../core/ports';
import type { Recipe } from '../../core/recipe';
import type { RecordedRun, RunPlan, StepRecord } from '../../core/records';
import type { Gpu } from '../../gpu/device';
import { RunFolder } from '../../runs/runFolder';
import type { LoadedCheckpoint } from '../checkpointFiles';
import { type CheckpointEvaluation, evaluateCheckpoint } from './measureCheckpoint';
import { openCheckpoint } from './openCheckpoint';
import { trainToFolder } from './trainToFolder';

/** A run that is over, with its last weights on held-out text by row length. */
export interface FinishedRun {
  recording: RecordedRun;
  evaluations: CheckpointEvaluation[];
}

export interface FinishRunOptions {
  gpu: Gpu;
  assets: AssetReader;
  /** The run's own folder. */
  files: FileStore;
  recipe: Recipe;
  checkpoint?: LoadedCheckpoint;
  /** Row lengths that the last weights are measured on. */
  lengths: readonly number[];
  /** Windows per source and questions per task. */
  rows: number;
  signal: AbortSignal;
  onStep(step: StepRecord, plan: RunPlan): void;
  onMeasure(length: number): void;
}

/** Steps between checkpoints: a killed process loses at most these. */
const CHECKPOINT_EVERY = 100;

/** Trains a run to its end from wherever its folder stands, and measures it; undefined where the signal stopped it before. */
export async function finishRun(options: FinishRunOptions): Promise<FinishedRun | undefined> {
  const { gpu, assets, files, lengths, rows, signal } = options;
  const folder = new RunFolder(files);
  if (!(await folder.hasEnded())) {
    await train(options, folder);
    if (signal.aborted) return undefined;
  }
  const place = { files, folder: await folder.newestCheckpoint() };
  const checkpoint = await openCheckpoint(assets, place, {});
  const evaluations: CheckpointEvaluation[] = [];
  for (const length of lengths) {
    options.onMeasure(length);
    evaluations.push(await evaluateCheckpoint(gpu, { ...checkpoint, length }, { rows, baselines: false }));
  }
  return { recording: await folder.recording(), evaluations };
}

async function train({ gpu, assets, files, recipe, checkpoint, signal, onStep }: FinishRunOptions, folder: RunFolder) {
  const resume = await folder.hasCheckpoint();
  // Killed before its first checkpoint: it can only begin again.
  if (!resume) await folder.clear();
  await trainToFolder({
    gpu,
    assets,
    files,
    recipe,
    checkpoint,
    resume,
    checkpointEvery: CHECKPOINT_EVERY,
    maxSteps: Number.MAX_SAFE_INTEGER,
    signal,
    onCompile: () => {},
    onStep,
  });
}
