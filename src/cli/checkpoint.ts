import { InputError } from '../core/errors';
import type { AssetReader } from '../core/ports';
import { loadTokenizer, type Tokenizer, tokenizerFromJson } from '../data/tokenizer';
import { adapterName } from '../gpu/device';
import { PipelineCache } from '../gpu/pipelines';
import { defaultVariants } from '../kernels/families';
import type { Program } from '../kernels/program';
import { ProgramContext, type RowShape } from '../model/context';
import type { Engine } from '../model/engine';
import { RotaryTableSet } from '../model/rotary';
import { ModelTensors } from '../model/tensors';
import { type LoadedCheckpoint, loadCheckpoint } from '../session/checkpointFiles';
import { Dataset } from '../session/dataset';
import { openEngine } from '../session/openEngine';
import { type CommandLine, wholeOption } from './commandLine';
import { type CheckpointPlace, checkpointPlace, openAssets } from './files';
import { openGpu } from './gpu';

/** A checkpoint named on the command line, with the held-out text it is to read. */
export interface OpenCheckpoint extends LoadedCheckpoint {
  dataset: Dataset;
  /** Tokens of a row: --length, or the checkpoint's own context. */
  length: number;
}

export async function openCheckpoint(line: CommandLine): Promise<OpenCheckpoint> {
  const assets = openAssets(line);
  const place = checkpointPlace(assets, line.positionals[0]);
  const checkpoint = await loadCheckpoint(place.files, place.folder);
  const tokenizer = await openTokenizer(assets, place, line.options.tokenizer ?? checkpoint.tokenizer);
  if (tokenizer.vocabSize > checkpoint.config.vocabSize)
    throw new InputError(
      'tokenizer',
      `at most ${checkpoint.config.vocabSize} tokens, the model's vocab_size`,
      `${tokenizer.vocabSize} in ${tokenizer.name}`,
      'name the tokenizer the model was trained with in --tokenizer',
    );
  const length = wholeOption(line, 'length', checkpoint.config.maxPositionEmbeddings);
  return { ...checkpoint, dataset: await Dataset.load(assets, tokenizer, []), length };
}

/** A shipped tokenizer where one is named, else the `tokenizer.json` beside the weights. */
async function openTokenizer(assets: AssetReader, { files, folder }: CheckpointPlace, name?: string): Promise<Tokenizer> {
  if (name) return loadTokenizer(assets, name);
  const read = async (file: string) =>
    JSON.parse(new TextDecoder().decode(await files.read(folder ? `${folder}/${file}` : file)));
  let json: unknown;
  try {
    json = await read('tokenizer.json');
  } catch {
    throw new InputError(
      'checkpoint',
      'ropewalk.json or tokenizer.json beside the weights',
      'neither',
      'name a shipped tokenizer with --tokenizer, for instance bpe-1024',
    );
  }
  return tokenizerFromJson(folder || 'of the checkpoint', json, await read('tokenizer_config.json'));
}

/** Opens the GPU and builds on it what `build` makes of a fresh program context. */
export async function runCheckpoint<T extends { program: Program }>(
  { config, weights }: LoadedCheckpoint,
  shape: RowShape,
  build: (context: ProgramContext) => T,
): Promise<{ built: T; engine: Engine; adapter: string }> {
  const gpu = await openGpu();
  const model = new ModelTensors(config, shape.rows * shape.length);
  const rotary = new RotaryTableSet(config, [shape.length]);
  const built = build(new ProgramContext(model, rotary, defaultVariants(gpu.facts, config), shape));
  const pipelines = new PipelineCache(gpu.device);
  const engine = await openEngine({ gpu, pipelines, model, rotary, weights, programs: [built.program] });
  return { built, engine, adapter: adapterName(gpu.facts) };
}
