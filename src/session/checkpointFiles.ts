import { InputError } from '../core/errors';
import { type ModelConfig, parameterShapes } from '../core/modelConfig';
import type { AssetReader } from '../core/ports';
import { parseHfConfig } from '../interchange/hfConfig';
import { readSafetensors, tensorValues } from '../interchange/safetensors';
import type { NamedWeights } from '../model/weights';

export interface LoadedCheckpoint {
  config: ModelConfig;
  weights: NamedWeights;
  /** Name of the shipped tokenizer the model was trained with, where the folder says. */
  tokenizer?: string;
}

/** Reads `config.json` and `model.safetensors` below `folder`; every tensor must be there in its exact shape, or nothing is loaded. */
export async function loadCheckpoint(assets: AssetReader, folder: string): Promise<LoadedCheckpoint> {
  const path = (file: string) => (folder ? `${folder}/${file}` : file);
  const [configText, bytes] = await Promise.all([assets.read(path('config.json')), assets.read(path('model.safetensors'))]);
  const config = parseHfConfig(new TextDecoder().decode(configText));
  return { config, weights: namedWeights(config, bytes), tokenizer: await tokenizerName(assets, path('ropewalk.json')) };
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
