import { InputError } from '../../core/errors';
import type { AssetReader } from '../../core/ports';
import { loadTokenizer, type Tokenizer, tokenizerFromJson } from '../../data/tokenizer';
import { adapterName, type Gpu } from '../../gpu/device';
import { PipelineCache } from '../../gpu/pipelines';
import { defaultVariants } from '../../kernels/families';
import type { Program } from '../../kernels/program';
import type { VariantSet } from '../../kernels/variants';
import { ProgramContext, type RowShape } from '../../model/context';
import type { Engine } from '../../model/engine';
import { RotaryTableSet } from '../../model/rotary';
import { ModelTensors } from '../../model/tensors';
import { type LoadedCheckpoint, loadCheckpoint } from '../checkpointFiles';
import { Dataset } from '../dataset';
import { openEngine } from '../openEngine';

/** Where a checkpoint lies: a Hugging Face folder, or a shipped model. */
export interface CheckpointPlace {
  files: AssetReader;
  /** Folder below `files`; empty for their root. */
  folder: string;
}

/** A checkpoint with the held-out text it is to read. */
export interface OpenCheckpoint extends LoadedCheckpoint {
  dataset: Dataset;
  /** Tokens of a row. */
  length: number;
}

/**
 * @param options.tokenizer name of a shipped one; default the checkpoint's own.
 * @param options.length default the checkpoint's own context.
 */
export async function openCheckpoint(
  assets: AssetReader,
  place: CheckpointPlace,
  options: { tokenizer?: string; length?: number },
): Promise<OpenCheckpoint> {
  const checkpoint = await loadCheckpoint(place.files, place.folder);
  const { vocabSize, maxPositionEmbeddings } = checkpoint.config;
  const tokenizer = await openTokenizer(assets, place, options.tokenizer ?? checkpoint.tokenizer);
  if (tokenizer.vocabSize > vocabSize)
    throw new InputError(
      'tokenizer',
      `at most ${vocabSize} tokens, the model's vocab_size`,
      `${tokenizer.vocabSize} in ${tokenizer.name}`,
      'name the tokenizer the model was trained with in --tokenizer',
    );
  return {
    ...checkpoint,
    dataset: await Dataset.load(assets, tokenizer, []),
    length: options.length ?? maxPositionEmbeddings,
  };
}

/** A shipped tokenizer where one is named, else the `tokenizer.json` beside the weights. */
async function openTokenizer(assets: AssetReader, { files, folder }: CheckpointPlace, name?: string): Promise<Tokenizer> {
  if (name) return loadTokenizer(assets, name);
  const read = (file: string) => files.read(folder ? `${folder}/${file}` : file);
  let bytes: Uint8Array;
  try {
    bytes = await read('tokenizer.json');
  } catch {
    throw new InputError(
      'checkpoint',
      'ropewalk.json or tokenizer.json beside the weights',
      'neither',
      'name a shipped tokenizer with --tokenizer, for instance bpe-1024',
    );
  }
  const parse = (text: Uint8Array) => JSON.parse(new TextDecoder().decode(text)) as unknown;
  return tokenizerFromJson('of the checkpoint', parse(bytes), parse(await read('tokenizer_config.json')));
}

/** Builds what `build` makes of a program context, over the checkpoint's weights on the device. */
export async function runCheckpoint<T extends { program: Program }>(
  gpu: Gpu,
  { config, weights }: LoadedCheckpoint,
  shape: RowShape,
  build: (context: ProgramContext) => T,
): Promise<{ built: T; engine: Engine; pipelines: PipelineCache; model: ModelTensors; variants: VariantSet; adapter: string }> {
  const model = new ModelTensors(config, shape.rows * shape.length);
  const rotary = new RotaryTableSet(config, [shape.length]);
  const variants = defaultVariants(gpu.facts, config);
  const built = build(new ProgramContext(model, rotary, variants, shape));
  const pipelines = new PipelineCache(gpu.device);
  const engine = await openEngine({ gpu, pipelines, model, rotary, weights, programs: [built.program] });
  return { built, engine, pipelines, model, variants, adapter: adapterName(gpu.facts) };
}
