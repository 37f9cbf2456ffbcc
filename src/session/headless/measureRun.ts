import type { AssetReader, FileStore } from '../../core/ports';
import type { RecordedRun } from '../../core/records';
import type { Gpu } from '../../gpu/device';
import { RunFolder } from '../../runs/runFolder';
import { type CheckpointEvaluation, evaluateCheckpoint } from './measureCheckpoint';
import { openCheckpoint } from './openCheckpoint';

/** The recording of a run's folder, and its newest checkpoint on held-out text at each row length. */
export async function measureRun(
  gpu: Gpu,
  assets: AssetReader,
  files: FileStore,
  lengths: readonly number[],
  rows: number,
): Promise<{ recording: RecordedRun; evaluations: CheckpointEvaluation[] }> {
  const folder = new RunFolder(files);
  const place = { files, folder: await folder.newestCheckpoint() };
  const evaluations: CheckpointEvaluation[] = [];
  for (const length of lengths) {
    const checkpoint = await openCheckpoint(assets, place, { length });
    evaluations.push(await evaluateCheckpoint(gpu, checkpoint, { rows, baselines: false }));
  }
  return { recording: await folder.recording(), evaluations };
}
