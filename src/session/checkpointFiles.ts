import { InputError } from '../core/errors';
import { type ModelConfig, parameterShapes } from '../core/modelConfig';
import type { AssetReader } from '../core/ports';
import { parseHfConfig } from '../interchange/hfConfig';
import { readSafetensors, tensorValues } from '../interchange/safetensors';
import type { NamedWeights } from '../model/weights';

/** What a folder says of its model without the weights. */
export interface CheckpointConfig {
  config: ModelConfig;
  /** Name of the shipped tokenizer the model was trained with, where the folder says. */
  tokenizer?: string;
}

export interface LoadedCheckpoint extends CheckpointConfig {
  weights: NamedWeights;
}

/** Reads `config.json` alone, and the lab's own note beside it. */
export async function loadCheckpointConfig(assets: AssetReader, folder: string): Promise<CheckpointConfig> {
  const config = parseHfConfig(new TextDecoder().decode(await assets.read(pathIn(folder, 'config.json'))));
  return { config, tokenizer: await tokenizerName(assets, pathIn(folder, 'ropewalk.json')) };
}

/** Reads `config.json` and `model.safetensors` below `folder`; every tensor must be there in its exact shape, or nothing is loaded. */
export async function loadCheckpoint(assets: AssetReader, folder: string): Promise<LoadedCheckpoint> {
  const [checkpoint, bytes] = await Promise.all([
    loadCheckpointConfig(assets, folder),
    assets.read(pathIn(folder, 'model.safetensors')),
  ]);
  return { ...checkpoint, weights: namedWeights(checkpoint.config, bytes) };
}

function pathIn(folder: string, file: string): string {
  return folder ? `${folder}/${file}` : file;
}

/** The weights of a safetensors file, checked against the config's names and shapes. */
export function namedWeights(config: ModelConfig, bytes: Uint8Array): NamedWeights {
  const { tensors } = readSafetensors(bytes);
  return new Map(
    parameterShapes(config).map(({ name, shape }) => {
      const tensor = tensors.get(name);
      if (!tensor || tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i]))
        throw new InputError(
          'checkpoint',
          `${name} of shape [${shape}]`,
          tensor ? `[${tensor.shape}]` : 'no such tensor',
          'use the weights that belong to this config.json',
        );
      return [name, tensorValues(tensor) as Float32Array<ArrayBuffer>];
    }),
  );
}

/** The lab's own note beside a checkpoint; folders from elsewhere have none. */
async function tokenizerName(assets: AssetReader, path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = new TextDecoder().decode(await assets.read(path));
  } catch {
    return undefined;
  }
  const { tokenizer } = JSON.parse(text) as { tokenizer?: unknown };
  return typeof tokenizer === 'string' ? tokenizer : undefined;
}
