import type { ModelConfig } from '../core/modelConfig';
import { parseRecipe, type Recipe } from '../core/recipe';
import type { RunPlan, StagePlan } from '../core/records';
import { loadTokenizer } from '../data/tokenizer';
import type { AdapterFacts } from '../gpu/device';
import { defaultVariants } from '../kernels/families';
import { createBlueprint, mebibytes } from '../session/blueprint';
import { loadCheckpointConfig } from '../session/checkpointFiles';
import { resolveConfig, tokenizerNameOf } from '../session/resolveModel';
import type { CommandLine } from './commandLine';
import { checkpointPlace, openAssets, readJson } from './files';
import { createOutput, type Output } from './output';

/** A GPU with no more than the limits WebGPU promises everywhere: what a plan assumes, since it opens none. */
const ANY_ADAPTER: AdapterFacts = {
  vendor: '',
  architecture: '',
  device: '',
  description: 'WebGPU default limits',
  isSoftware: false,
  features: [],
  limits: { maxBufferSize: 268_435_456, maxStorageBufferBindingSize: 134_217_728, maxStorageBuffersPerShaderStage: 8 },
  subgroupMinSize: 0,
  subgroupMaxSize: 0,
};

/** `lab plan`: what a recipe needs and does, before a GPU is touched. A checkpoint's weights are not read. */
export async function plan(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const recipe = parseRecipe(await readJson(line.positionals[0]));
  const { config, baseLength } = await configOf(line, recipe);
  const variants = defaultVariants(ANY_ADAPTER, config);
  const { plan: runPlan } = createBlueprint(recipe, config, variants, baseLength);
  const stages = runPlan.stages.map((stage) => ({ ...stage, ...flopsPerToken(stage) }));
  printPlan(output, recipe, runPlan, stages);
  output.value({ recipe: recipe.name, variants, ...runPlan, stages });
  return 0;
}

async function configOf(line: CommandLine, recipe: Recipe): Promise<{ config: ModelConfig; baseLength?: number }> {
  const assets = openAssets(line);
  if ('checkpoint' in recipe.model) {
    const { files, folder } = checkpointPlace(assets, recipe.model.checkpoint);
    const checkpoint = await loadCheckpointConfig(files, folder);
    const { config } = checkpoint;
    const tokenizer = { vocabSize: config.vocabSize, bosId: config.bosTokenId, eosId: config.eosTokenId };
    return { config: resolveConfig(recipe, tokenizer, config), baseLength: config.maxPositionEmbeddings };
  }
  return { config: resolveConfig(recipe, await loadTokenizer(assets, tokenizerNameOf(recipe))) };
}

function flopsPerToken({ flopsPerStep, hardwareFlopsPerStep, rowsPerStep, sequenceLength }: StagePlan) {
  const tokensPerStep = rowsPerStep * sequenceLength;
  return { flopsPerToken: flopsPerStep / tokensPerStep, hardwareFlopsPerToken: hardwareFlopsPerStep / tokensPerStep };
}

function printPlan(
  output: Output,
  recipe: Recipe,
  runPlan: RunPlan,
  stages: readonly (StagePlan & ReturnType<typeof flopsPerToken>)[],
): void {
  const { parameters, steps, tokens, flops, longFromStartFlops, bytes, totalBytes, largestBindingBytes } = runPlan;
  output.line(
    `${recipe.name}: ${parameters.toLocaleString('en')} parameters, ${steps} steps, ${tokens.toLocaleString('en')} tokens`,
  );
  output.line(`${si(flops)}FLOP for the model; ${si(longFromStartFlops)}FLOP with the longest rows from the first step on`);
  output.line();
  output.table([
    ['stage', ...stages.map((_, i) => String(i))],
    ['sequence length', ...stages.map(({ sequenceLength }) => String(sequenceLength))],
    ['steps', ...stages.map((stage) => String(stage.steps))],
    ['rows per step', ...stages.map(({ rowsPerStep }) => String(rowsPerStep))],
    ['micro-batches', ...stages.map(({ microBatches }) => String(microBatches))],
    ['FLOP per token', ...stages.map((stage) => si(stage.flopsPerToken))],
    ['FLOP per step', ...stages.map(({ flopsPerStep }) => si(flopsPerStep))],
    ['  as executed', ...stages.map(({ hardwareFlopsPerStep }) => si(hardwareFlopsPerStep))],
    ['dispatches', ...stages.map(({ dispatchesPerStep }) => String(dispatchesPerStep))],
    ['submits', ...stages.map(({ submitsPerStep }) => String(submitsPerStep))],
    ['training alone', ...stages.map((stage) => mebibytes(stage.totalBytes))],
  ]);
  output.line();
  output.table([
    ['held by the whole run', mebibytes(totalBytes)],
    ...Object.entries(bytes).map(([purpose, size]) => [`  ${purpose}`, mebibytes(size)]),
    ['largest binding', mebibytes(largestBindingBytes)],
  ]);
  const limit = ANY_ADAPTER.limits.maxStorageBufferBindingSize;
  if (largestBindingBytes > limit)
    output.line(`needs an adapter that allows bindings above WebGPU's default of ${mebibytes(limit)}`);
}

/** 1234567 as "1.23 M". */
function si(value: number): string {
  const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  const power = Math.min(prefixes.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${(value / 1000 ** power).toFixed(2)} ${prefixes[power]}`;
}
