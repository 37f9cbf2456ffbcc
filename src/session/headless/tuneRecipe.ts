import type { AssetReader } from '../../core/ports';
import type { Recipe } from '../../core/recipe';
import { loadTokenizer } from '../../data/tokenizer';
import { adapterName, type Gpu } from '../../gpu/device';
import { PipelineCache } from '../../gpu/pipelines';
import { defaultVariants } from '../../kernels/families';
import { checkFits, createBlueprint } from '../blueprint';
import type { LoadedCheckpoint } from '../checkpointFiles';
import { resolveConfig, tokenizerNameOf } from '../resolveModel';
import { type TunedRun, type TuneRunOptions, type TuningPorts, timedRows, tuneRun } from '../tuneRun';

export interface RecipeTuning extends TunedRun {
  adapter: string;
  /** Rows and tokens of the micro-batch that was timed. */
  rows: number;
  length: number;
}

/** Tunes for a recipe, whatever is remembered, and remembers the outcome for its runs. */
export async function tuneRecipe(
  gpu: Gpu,
  assets: AssetReader,
  recipe: Recipe,
  checkpoint: LoadedCheckpoint | undefined,
  ports: TuningPorts,
  options: Omit<TuneRunOptions, 'again'>,
): Promise<RecipeTuning> {
  const tokenizer = await loadTokenizer(assets, tokenizerNameOf(recipe, checkpoint));
  const config = resolveConfig(recipe, tokenizer, checkpoint?.config);
  const variants = defaultVariants(gpu.facts, config);
  const blueprint = createBlueprint({ recipe, config, variants, baseLength: checkpoint?.config.maxPositionEmbeddings });
  checkFits(blueprint, gpu.facts);
  const device = { gpu, pipelines: new PipelineCache(gpu.device) };
  const tuned = await tuneRun(device, blueprint, ports, { ...options, again: true });
  const { rows, length } = timedRows(blueprint, gpu.facts.isSoftware);
  return { adapter: adapterName(gpu.facts), rows, length, ...tuned };
}
