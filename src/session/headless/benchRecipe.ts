import type { AssetReader } from '../../core/ports';
import type { AdapterPeak, StepProfile } from '../../core/profile';
import type { Recipe } from '../../core/recipe';
import { loadTokenizer } from '../../data/tokenizer';
import { adapterName, assertHealthy, type Gpu } from '../../gpu/device';
import { PipelineCache } from '../../gpu/pipelines';
import { defaultVariants } from '../../kernels/families';
import type { VariantSet } from '../../kernels/variants';
import { Engine } from '../../model/engine';
import type { NamedWeights } from '../../model/weights';
import { ActiveRun } from '../activeRun';
import { measureAdapterPeak } from '../bench/adapterPeak';
import { type CompileTime, measureCompileTimes } from '../bench/compileTimes';
import { type DecodeTimes, measureDecode } from '../bench/decodeTimes';
import { type Blueprint, checkFits, createBlueprint } from '../blueprint';
import { pacedBlueprint } from '../calibrate';
import type { LoadedCheckpoint } from '../checkpointFiles';
import { Dataset } from '../dataset';
import { resolveModel, tokenizerNameOf } from '../resolveModel';
import { startFromWeights } from '../runStart';
import { profileStep } from '../stepProfile';

export interface BenchRecipeOptions {
  gpu: Gpu;
  assets: AssetReader;
  recipe: Recipe;
  checkpoint?: LoadedCheckpoint;
  /** Laid over the adapter's defaults. */
  variants?: VariantSet;
  /** Measures decoding after a prompt of this many tokens in place of the step. */
  decode?: number;
  onProgress(what: string): void;
}

/** A recipe on this adapter as `lab train` would run it, untuned: ready to start, then one step or some tokens. */
export interface RecipeBench {
  recipe: string;
  adapter: string;
  isSoftware: boolean;
  variants: VariantSet;
  /** Of every kernel of training and probes, on a device that has compiled nothing. */
  compile: CompileTime[];
  step?: StepProfile;
  decode?: DecodeTimes & { peak: AdapterPeak };
}

/** @throws InputError when the recipe does not fit the adapter. */
export async function benchRecipe(options: BenchRecipeOptions): Promise<RecipeBench> {
  const { gpu, assets, recipe, checkpoint, onProgress } = options;
  const tokenizer = await loadTokenizer(assets, tokenizerNameOf(recipe, checkpoint));
  const { config, weights, baseLength } = resolveModel(recipe, tokenizer, checkpoint);
  const variants = { ...defaultVariants(gpu.facts, config), ...options.variants };
  const blueprintOptions = { recipe, config, variants, baseLength };
  const whole = createBlueprint(blueprintOptions);
  checkFits(whole, gpu.facts);
  onProgress('compiling every kernel');
  const compile = await measureCompileTimes(gpu, whole.programs);
  const pipelines = new PipelineCache(gpu.device);
  const report = { recipe: recipe.name, adapter: adapterName(gpu.facts), isSoftware: gpu.facts.isSoftware, variants, compile };
  try {
    if (options.decode !== undefined) {
      onProgress(`a prompt of ${options.decode} tokens`);
      return { ...report, decode: await benchDecode(gpu, pipelines, whole, weights, options.decode) };
    }
    onProgress('calibrating');
    const blueprint = await pacedBlueprint(gpu, pipelines, whole, blueprintOptions);
    const dataset = await Dataset.load(assets, tokenizer, []);
    const start = startFromWeights(config, weights);
    const run = await ActiveRun.create({ gpu, pipelines, blueprint, dataset, start, emit: () => {} });
    try {
      onProgress('timing a step and its kernels');
      return { ...report, step: await profileStep(run, gpu, pipelines) };
    } finally {
      run.destroy();
    }
  } finally {
    assertHealthy(gpu);
  }
}

/** With nothing on the device but the model and what generation needs. */
async function benchDecode(
  gpu: Gpu,
  pipelines: PipelineCache,
  blueprint: Blueprint,
  weights: NamedWeights,
  promptTokens: number,
): Promise<NonNullable<RecipeBench['decode']>> {
  const { model, optimizer } = blueprint;
  const peak = await measureAdapterPeak(gpu, pipelines);
  const engine = await Engine.create(gpu, pipelines, [optimizer]);
  try {
    engine.write(model.optimizer.weights, model.layout.pack(weights));
    const { copyGigabytesPerSecond } = peak;
    const times = await measureDecode({ gpu, pipelines, blueprint, weightsFrom: engine, promptTokens, copyGigabytesPerSecond });
    return { ...times, peak };
  } finally {
    engine.destroy();
  }
}
