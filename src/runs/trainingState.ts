import { type ModelConfig, parameterShapes } from '../core/modelConfig';
import { inputErrorFrom } from '../core/recipe';
import type { Progress } from '../core/records';
import { z } from '../core/zod';
import { hfConfigJson } from '../interchange/hfConfig';
import { readSafetensors, tensorValues, writeSafetensors } from '../interchange/safetensors';

/** Values by Hugging Face tensor name. */
export type TensorsByName = ReadonlyMap<string, Float32Array>;

/** Everything a run needs to go on, in Hugging Face shapes; `cursor` is the data stream's own and is checked where it is restored. */
export interface TrainingState {
  progress: Progress;
  adamSteps: number;
  scheduleStart: number;
  cursor: unknown;
  weights: TensorsByName;
  /** AdamW's first and second moments. */
  moment1: TensorsByName;
  moment2: TensorsByName;
}

/** Raised with every change of meaning of `trainer_state.json`. */
const STATE_VERSION = 1;

const stateSchema = z.object({
  version: z.literal(STATE_VERSION),
  progress: z.object({ step: z.number(), tokens: z.number(), flops: z.number(), seconds: z.number() }),
  adam_steps: z.number().int(),
  schedule_start: z.number().int(),
  cursor: z.unknown(),
});

const MOMENT1 = 'exp_avg.';
const MOMENT2 = 'exp_avg_sq.';

/** The files of a checkpoint folder: a Hugging Face model, the optimizer beside it, and what else the run needs. */
export function encodeTrainingState(
  config: ModelConfig,
  state: TrainingState,
  tokenizer: string,
): Map<string, Uint8Array | string> {
  const shapes = new Map(parameterShapes(config).map(({ name, shape }) => [name, shape]));
  const named = (tensors: TensorsByName, prefix = '') =>
    [...tensors].map(([name, values]) => ({ name: prefix + name, shape: shapes.get(name)!, values }));
  const trainerState = {
    version: STATE_VERSION,
    progress: state.progress,
    adam_steps: state.adamSteps,
    schedule_start: state.scheduleStart,
    cursor: state.cursor,
  };
  return new Map<string, Uint8Array | string>([
    ['config.json', hfConfigJson(config)],
    ['model.safetensors', writeSafetensors(named(state.weights))],
    ['optimizer.safetensors', writeSafetensors([...named(state.moment1, MOMENT1), ...named(state.moment2, MOMENT2)])],
    ['trainer_state.json', JSON.stringify(trainerState)],
    ['ropewalk.json', JSON.stringify({ tokenizer })],
  ]);
}

/** Reads a folder's files back; names and shapes are checked against the model where the tensors are packed. */
export async function decodeTrainingState(read: (file: string) => Promise<Uint8Array>): Promise<TrainingState> {
  const [model, optimizer, stateBytes] = await Promise.all(
    ['model.safetensors', 'optimizer.safetensors', 'trainer_state.json'].map(read),
  );
  const result = stateSchema.safeParse(JSON.parse(new TextDecoder().decode(stateBytes)));
  if (!result.success) throw inputErrorFrom('trainer_state.json', result.error);
  const { progress, adam_steps: adamSteps, schedule_start: scheduleStart, cursor } = result.data;
  const tensors = (file: Uint8Array, prefix = '') =>
    new Map(
      [...readSafetensors(file).tensors]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, tensor]) => [name.slice(prefix.length), tensorValues(tensor)]),
    );
  return {
    progress,
    adamSteps,
    scheduleStart,
    cursor,
    weights: tensors(model),
    moment1: tensors(optimizer, MOMENT1),
    moment2: tensors(optimizer, MOMENT2),
  };
}
