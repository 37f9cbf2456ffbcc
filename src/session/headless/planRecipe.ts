import type { ModelConfig } from '../../core/modelConfig';
import type { AssetReader } from '../../core/ports';
import type { Recipe } from '../../core/recipe';
import type { RunPlan, StagePlan } from '../../core/records';
import { loadTokenizer } from '../../data/tokenizer';
import type { AdapterFacts } from '../../gpu/device';
import { defaultVariants } from '../../kernels/families';
import type { VariantSet } from '../../kernels/variants';
import { createBlueprint } from '../blueprint';
import { loadCheckpointConfig } from '../checkpointFiles';
import { resolveConfig, tokenizerNameOf } from '../resolveModel';
import type { CheckpointPlace } from './openCheckpoint';

/** A GPU with no more than the limits WebGPU promises everywhere: what a plan assumes, since it opens none. */
const ANY_ADAPTER: AdapterFacts = {
  vendor: '',
  architecture: '',
  device: '',
  description: 'WebGPU default limits',
  isSoftware: false,
  features: [],
  limits: {
    maxStorageBufferBindingSize: 134_217_728,
    maxBufferSize: 268_435_456,
    maxComputeWorkgroupStorageSize: 16_384,
    maxComputeInvocationsPerWorkgroup: 256,
  },
  subgroupMinSize: 0,
  subgroupMaxSize: 0,
};

export interface PlannedStage extends StagePlan {
  flopsPerToken: number;
  hardwareFlopsPerToken: number;
}

/** All that is known of a run without a GPU. */
export interface RecipePlan extends RunPlan {
  recipe: string;
  variants: VariantSet;
  stages: PlannedStage[];
  /** The largest binding that every WebGPU adapter allows. */
  defaultBindingBytes: number;
}

/** @param place where the checkpoint that the recipe names lies; its weights are not read. */
export async function planRecipe(recipe: Recipe, assets: AssetReader, place?: CheckpointPlace): Promise<RecipePlan> {
  const { config, baseLength } = place ? await checkpointConfig(recipe, place) : await shapeConfig(recipe, assets);
  const variants = defaultVariants(ANY_ADAPTER, config);
  const { plan } = createBlueprint({ recipe, config, variants, baseLength });
  const stages = plan.stages.map((stage): PlannedStage => {
    const tokens = stage.rowsPerStep * stage.sequenceLength;
    return {
      ...stage,
      flopsPerToken: stage.flopsPerStep / tokens,
      hardwareFlopsPerToken: stage.hardwareFlopsPerStep / tokens,
    };
  });
  const defaultBindingBytes = ANY_ADAPTER.limits.maxStorageBufferBindingSize;
  return { recipe: recipe.name, variants, ...plan, stages, defaultBindingBytes };
}

interface PlannedModel {
  config: ModelConfig;
  baseLength?: number;
}

async function checkpointConfig(recipe: Recipe, { files, folder }: CheckpointPlace): Promise<PlannedModel> {
  const { config } = await loadCheckpointConfig(files, folder);
  const tokenizer = { vocabSize: config.vocabSize, bosId: config.bosTokenId, eosId: config.eosTokenId };
  return { config: resolveConfig(recipe, tokenizer, config), baseLength: config.maxPositionEmbeddings };
}

async function shapeConfig(recipe: Recipe, assets: AssetReader): Promise<PlannedModel> {
  return { config: resolveConfig(recipe, await loadTokenizer(assets, tokenizerNameOf(recipe))) };
}
