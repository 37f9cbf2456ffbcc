import { InputError } from '../core/errors';
import { parseRecipe } from '../core/recipe';
import type { RunRecord, RunSummary, StepRecord } from '../core/records';
import { loadTokenizer } from '../data/tokenizer';
import { adapterName } from '../gpu/device';
import { PipelineCache } from '../gpu/pipelines';
import { defaultVariants } from '../kernels/families';
import type { VariantSet } from '../kernels/variants';
import { ActiveRun, DivergedError } from '../session/activeRun';
import { type Blueprint, checkFits, createBlueprint } from '../session/blueprint';
import { Dataset } from '../session/dataset';
import { resolveModel, tokenizerNameOf } from '../session/resolveModel';
import { startFromWeights } from '../session/runStart';
import { type CommandLine, wholeOption } from './commandLine';
import { openAssets, readCheckpoint, readJson } from './files';
import { openGpu } from './gpu';
import { createOutput, type Output } from './output';
import { RunFolder } from './runFolder';

/** `lab train`: a recipe from its start, or from the newest checkpoint of an earlier call, to its end. */
export async function train(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  if (!line.options.out) throw new InputError('lab train', '--out DIR', 'none', 'name a folder for metrics and checkpoints');
  const recipe = parseRecipe(await readJson(line.positionals[0]));
  const assets = openAssets(line);
  const checkpoint = 'checkpoint' in recipe.model ? await readCheckpoint(assets, recipe.model.checkpoint) : undefined;
  const tokenizer = await loadTokenizer(assets, tokenizerNameOf(recipe, checkpoint));
  const resolved = resolveModel(recipe, tokenizer, checkpoint);
  const gpu = await openGpu();
  const variants = { ...defaultVariants(gpu.facts, resolved.config), ...parseVariants(line.options.variants) };
  const blueprint = createBlueprint(recipe, resolved.config, variants, resolved.baseLength);
  checkFits(blueprint, gpu.facts.limits);

  const folder = new RunFolder(line.options.out);
  const start = line.options.resume
    ? await folder.readCheckpoint(blueprint.model)
    : startFromWeights(resolved.config, resolved.weights);
  if (line.options.resume) await folder.truncate(start.progress.step);
  else await folder.create();
  const dataset = await Dataset.load(assets, tokenizer, []);
  const records: RunRecord[] = [];
  const run = await ActiveRun.create({
    gpu,
    pipelines: new PipelineCache(gpu.device),
    blueprint,
    dataset,
    start,
    emit: (record) => records.push(record),
    onCompile: (done, total) => output.progress(`compiling kernels ${done} of ${total}`),
  });
  const flush = async () => folder.append(records.splice(0));
  const save = async () => {
    await flush();
    await folder.writeCheckpoint(blueprint.model, await run.checkpoint(), tokenizer.name);
  };
  const every = wholeOption(line, 'checkpoint-every', 100);
  const lastStep = Math.min(blueprint.plan.steps, start.progress.step + wholeOption(line, 'steps', blueprint.plan.steps));
  const interrupt = onInterrupt();
  let status: RunSummary['status'] = 'finished';
  let reason: string | undefined;
  try {
    if (!line.options.resume) await run.probe();
    while (run.progress.step < lastStep && !interrupt.requested) {
      await run.step();
      reportProgress(output, records, blueprint);
      if (run.probesDue) await run.probe();
      if (run.progress.step % every === 0) await save();
      else if (records.length > 20) await flush();
    }
    await run.settle();
    if (!run.exhausted) status = 'paused';
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    status = 'failed';
    reason = error.message;
  }
  await save();
  output.endProgress();
  const summary = summaryOf(blueprint, adapterName(gpu.facts), status, reason);
  const all = await folder.records();
  await folder.writeRecording({ version: 1, run: summary, records: all });
  const last = all.filter((record) => record.type === 'step').at(-1);
  if (reason) process.stderr.write(`lab train: ${reason}\n`);
  output.line(
    `${status} at step ${last?.step ?? 0} of ${blueprint.plan.steps}, loss ${last?.loss.toFixed(4)}; ${line.options.out}`,
  );
  output.value({ status, reason, step: last?.step ?? 0, loss: last?.loss, out: line.options.out });
  return status === 'failed' ? 1 : 0;
}

function summaryOf(blueprint: Blueprint, adapter: string, status: RunSummary['status'], reason?: string): RunSummary {
  const { recipe, plan, variants } = blueprint;
  return {
    id: `recorded-${recipe.name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`,
    name: recipe.name,
    recipe,
    status,
    reason,
    plan,
    adapter,
    variants: { ...variants },
    createdAt: new Date().toISOString(),
    start: { step: 0, tokens: 0, flops: 0, seconds: 0 },
  };
}

function parseVariants(text: string | undefined): VariantSet {
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as VariantSet;
  } catch (error) {
    throw new InputError(
      '--variants',
      'a JSON object of operation to variant',
      (error as Error).message,
      'quote it for the shell',
    );
  }
}

function reportProgress(output: Output, records: readonly RunRecord[], { plan }: Blueprint): void {
  const last = records.findLast((record): record is StepRecord => record.type === 'step');
  if (!last) return;
  const seconds = ((plan.steps - last.step) * last.stepMs) / 1000;
  const percent = ((100 * last.step) / plan.steps).toFixed(1);
  output.progress(
    `step ${last.step}/${plan.steps} (${percent} %)  loss ${last.loss.toFixed(4)}  lr ${last.learningRate.toExponential(2)}  norm ${last.gradNorm.toFixed(2)}  ` +
      `${last.stepMs.toFixed(0)} ms  ${Math.round(last.tokensPerSecond)} tok/s  T ${last.sequenceLength}  ETA ${formatSeconds(seconds)}`,
  );
}

function formatSeconds(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}m ${Math.round(seconds % 60)}s` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

/** The first Ctrl-C asks for a checkpoint at the next step boundary; the second ends the process. */
function onInterrupt(): { requested: boolean } {
  const state = { requested: false };
  process.once('SIGINT', () => {
    state.requested = true;
    process.stderr.write('\nfinishing the step and writing a checkpoint; Ctrl-C again to quit at once\n');
  });
  return state;
}
