import type { DataCursor } from '../data/dataStream';
import type { Engine } from '../model/engine';
import type { ModelTensors } from '../model/tensors';
import type { TrainerState } from '../training/trainer';

/** Everything a run needs to go on bit for bit on the same adapter. Arrays are the flat, padded parameter buffers. */
export interface Checkpoint extends TrainerState {
  weights: Float32Array<ArrayBuffer>;
  moment1: Float32Array<ArrayBuffer>;
  moment2: Float32Array<ArrayBuffer>;
  cursor: DataCursor;
}

/** Reads the model's state back; call it between steps. */
export async function takeCheckpoint(
  engine: Engine,
  model: ModelTensors,
  state: TrainerState,
  cursor: DataCursor,
): Promise<Checkpoint> {
  const { weights, moment1, moment2 } = model.optimizer;
  const [w, m, v] = await engine.read([weights, moment1, moment2]);
  return { ...state, progress: { ...state.progress }, weights: w, moment1: m, moment2: v, cursor };
}

export function restoreCheckpoint(
  engine: Engine,
  model: ModelTensors,
  checkpoint: Pick<Checkpoint, 'weights' | 'moment1' | 'moment2'>,
): void {
  const { weights, moment1, moment2 } = model.optimizer;
  engine.write(weights, checkpoint.weights);
  engine.write(moment1, checkpoint.moment1);
  engine.write(moment2, checkpoint.moment2);
}
