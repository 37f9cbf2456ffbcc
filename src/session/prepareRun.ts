import type { Recipe } from '../core/recipe';
import type { Tokenizer } from '../data/tokenizer';
import type { AdapterFacts } from '../gpu/device';
import { defaultVariants } from '../kernels/families';
import type { VariantSet } from '../kernels/variants';
import { type Blueprint, checkFits, createBlueprint } from './blueprint';
import type { Catalogue } from './catalogue';
import type { LoadedCheckpoint } from './checkpointFiles';
import { resolveConfig, tokenizerNameOf } from './resolveModel';

export interface PreparedRun {
  blueprint: Blueprint;
  tokenizer: Tokenizer;
  tokenizerName: string;
  /** What the recipe starts from, if it names a checkpoint. */
  checkpoint?: LoadedCheckpoint;
}

/**
 * A recipe as a blueprint, checked against the adapter: everything short of GPU memory.
 * @param variants those of a parent, which a fork keeps: another set would be another set of bits.
 */
export async function prepareRun(
  catalogue: Catalogue,
  facts: AdapterFacts,
  recipe: Recipe,
  variants?: VariantSet,
): Promise<PreparedRun> {
  const checkpoint = 'checkpoint' in recipe.model ? await catalogue.checkpoint(recipe.model.checkpoint) : undefined;
  const tokenizerName = tokenizerNameOf(recipe, checkpoint);
  const tokenizer = await catalogue.tokenizer(tokenizerName);
  const config = resolveConfig(recipe, tokenizer, checkpoint?.config);
  const blueprint = createBlueprint({
    recipe,
    config,
    variants: variants ?? defaultVariants(facts, config),
    baseLength: checkpoint?.config.maxPositionEmbeddings,
  });
  checkFits(blueprint, facts.limits);
  return { blueprint, tokenizer, tokenizerName, checkpoint };
}
