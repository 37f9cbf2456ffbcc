import { parseRecipe } from '../core/recipe';
import { mebibytes } from '../session/blueprint';
import { planRecipe, type RecipePlan } from '../session/headless/planRecipe';
import type { CommandLine } from './commandLine';
import { checkpointPlace, openAssets, readJson } from './files';
import { createOutput, type Output } from './output';

/** `lab plan`: what a recipe needs and does, before a GPU is touched. A checkpoint's weights are not read. */
export async function plan(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const recipe = parseRecipe(await readJson(line.positionals[0]));
  const assets = openAssets(line);
  const place = 'checkpoint' in recipe.model ? checkpointPlace(assets, recipe.model.checkpoint) : undefined;
  const recipePlan = await planRecipe(recipe, assets, place);
  printPlan(output, recipePlan);
  output.value(recipePlan);
  return 0;
}

function printPlan(output: Output, plan: RecipePlan): void {
  const { stages, parameters, steps, tokens, flops, longFromStartFlops, bytes, totalBytes } = plan;
  output.line(
    `${plan.recipe}: ${parameters.toLocaleString('en')} parameters, ${steps} steps, ${tokens.toLocaleString('en')} tokens`,
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
    ['largest binding', mebibytes(plan.largestBindingBytes)],
  ]);
  if (plan.largestBindingBytes > plan.defaultBindingBytes)
    output.line(`needs an adapter that allows bindings above WebGPU's default of ${mebibytes(plan.defaultBindingBytes)}`);
}

/** 1234567 as "1.23 M". */
function si(value: number): string {
  const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  const power = Math.min(prefixes.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${(value / 1000 ** power).toFixed(2)} ${prefixes[power]}`;
}
