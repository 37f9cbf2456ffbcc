import type { Recipe } from '../core/recipe';
import type { Tokenizer } from '../data/tokenizer';
import { defaultVariants } from '../kernels/families';
import type { VariantSet } from '../kernels/variants';
import { type Blueprint, type BlueprintOptions, checkFits, createBlueprint } from './blueprint';
import { pacedBlueprint } from './calibrate';
import type { Catalogue } from './catalogue';
import type { LoadedCheckpoint } from './checkpointFiles';
import type { OpenDevice } from './labDevice';
import { resolveConfig, tokenizerNameOf } from './resolveModel';
import type { TunedRun } from './tuneRun';

export interface PreparedRun {
  blueprint: Blueprint;
  tokenizer: Tokenizer;
  tokenizerName: string;
  /** What the recipe starts from, if it names a checkpoint. */
  checkpoint?: LoadedCheckpoint;
  /** How the blueprint's variants were chosen, where they were tuned for. */
  tuned?: TunedRun;
}

export interface PrepareOptions {
  /** Those of a parent, which a fork keeps: another set would be another set of bits. */
  variants?: VariantSet;
  /** Measures, where the work is long, how to cut it for this adapter. A plan that is only looked at need not wait for that. */
  paced: boolean;
  /** Chooses variants for a blueprint that has the default ones. */
  tune?(whole: Blueprint): Promise<TunedRun>;
}

/** A recipe as a blueprint, checked against the adapter: everything short of GPU memory. */
export async function prepareRun(
  catalogue: Catalogue,
  { gpu, pipelines }: OpenDevice,
  recipe: Recipe,
  { variants, paced, tune }: PrepareOptions,
): Promise<PreparedRun> {
  const checkpoint = 'checkpoint' in recipe.model ? await catalogue.checkpoint(recipe.model.checkpoint) : undefined;
  const tokenizerName = tokenizerNameOf(recipe, checkpoint);
  const tokenizer = await catalogue.tokenizer(tokenizerName);
  const config = resolveConfig(recipe, tokenizer, checkpoint?.config);
  const options: BlueprintOptions = {
    recipe,
    config,
    variants: { ...defaultVariants(gpu.facts, config), ...variants },
    baseLength: checkpoint?.config.maxPositionEmbeddings,
  };
  const whole = createBlueprint(options);
  checkFits(whole, gpu.facts);
  if (!paced) return { blueprint: whole, tokenizer, tokenizerName, checkpoint };
  const tuned = await tune?.(whole);
  const blueprint = await pacedBlueprint(gpu, pipelines, whole, options, { tuned });
  return { blueprint, tokenizer, tokenizerName, checkpoint, tuned };
}
