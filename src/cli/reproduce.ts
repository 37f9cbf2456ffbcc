import { InputError } from '../core/errors';
import type { AssetReader } from '../core/ports';
import { finishRun } from '../session/headless/finishRun';
import { fmaPeakOf } from '../session/headless/fmaPeakOf';
import { openGpu } from '../session/headless/openGpu';
import { planRecipe } from '../session/headless/planRecipe';
import { studyNamed } from '../studies';
import { workThrough } from '../studies/queue';
import { writeReport } from '../studies/report/files';
import { contrastTable, measureTable } from '../studies/report/tables';
import { summarise } from '../studies/result';
import { planStudy, SCALES, type ScaleName, type StudyPlan } from '../studies/study';
import type { CommandLine } from './commandLine';
import { openDawn } from './dawn';
import { diskStore } from './diskStore';
import { checkpointPlace, openAssets, readCheckpoint } from './files';
import { onInterrupt } from './interrupt';
import { createOutput, type Output } from './output';

/** Share of the adapter's multiply-add peak that training reaches; measured 32 to 40 % with `lab bench --recipe`. */
const ASSUMED_UTILISATION = 0.3;

/** `lab reproduce`: a study of the paper, run or taken up where it stopped. */
export async function reproduce(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const plan = planStudy(studyNamed(line.positionals[0]), scaleOption(line), seedsOption(line));
  const assets = openAssets(line);
  await checkBases(plan, assets);
  if (line.options.plan) return printPlan(plan, assets, output);
  const { out } = line.options;
  if (!out) throw new InputError('lab reproduce', '--out DIR', 'none', 'name a folder for runs and report');
  const files = diskStore(out);
  const gpu = await openGpu(openDawn());
  const signal = onInterrupt('writing a checkpoint; the same command goes on from there');
  let result = summarise(plan, new Map());
  const isComplete = await workThrough(
    plan,
    {
      files,
      carryOut: async ({ id, recipe }, folder) => {
        const checkpoint = 'checkpoint' in recipe.model ? await readCheckpoint(assets, recipe.model.checkpoint) : undefined;
        const { shortLength, longLength, evaluationRows } = plan.scale;
        const finished = await finishRun({
          gpu,
          assets,
          files: diskStore(`${out}/${folder}`),
          recipe,
          checkpoint,
          lengths: [shortLength, longLength],
          rows: evaluationRows,
          signal,
          onStep: (step, { steps }) => output.progress(`${id}: step ${step.step} of ${steps}, loss ${step.loss.toFixed(3)}`),
          onMeasure: (length) => output.progress(`${id}: measuring at ${length} tokens`),
        });
        output.endProgress();
        return finished;
      },
      onRun: ({ id }, done, total) => output.line(`run ${done + 1} of ${total}: ${id}`),
    },
    async (outcomes) => {
      result = summarise(plan, outcomes);
      await writeReport(files, plan, result);
    },
  );
  output.line();
  for (const { caption, header, rows } of [measureTable(result), contrastTable(result)]) {
    output.line(caption);
    output.table([header, ...rows]);
    output.line();
  }
  output.line(
    `${isComplete ? 'complete' : `stopped after ${result.runsDone} of ${result.runsPlanned} runs`}; ${out}/report.html`,
  );
  output.value(result);
  return 0;
}

async function printPlan(plan: StudyPlan, assets: AssetReader, output: Output): Promise<number> {
  const runs: { id: string; steps: number; tokens: number; flops: number; hardwareFlops: number }[] = [];
  for (const { id, recipe } of plan.runs) {
    const place = 'checkpoint' in recipe.model ? checkpointPlace(assets, recipe.model.checkpoint) : undefined;
    const { steps, tokens, flops, hardwareFlops } = await planRecipe(recipe, assets, place);
    runs.push({ id, steps, tokens, flops, hardwareFlops });
  }
  const gpu = await openGpu(openDawn());
  const peak = await fmaPeakOf(gpu);
  const sum = (value: (run: (typeof runs)[number]) => number) => runs.reduce((total, run) => total + value(run), 0);
  const hours = sum((run) => run.hardwareFlops) / (peak * 1e9 * ASSUMED_UTILISATION) / 3600;
  const row = (name: string, { steps, tokens, flops }: { steps: number; tokens: number; flops: number }) => [
    name,
    String(steps),
    tokens.toLocaleString('en'),
    flops.toExponential(2),
  ];
  output.table([
    ['run', 'steps', 'tokens', 'FLOPs'],
    ...runs.map((run) => row(run.id, run)),
    row('all', { steps: sum((run) => run.steps), tokens: sum((run) => run.tokens), flops: sum((run) => run.flops) }),
  ]);
  output.line(
    `about ${hours.toFixed(1)} hours of training at ${100 * ASSUMED_UTILISATION} % of this adapter’s ${peak.toFixed(0)} GFLOP/s, probes not counted`,
  );
  output.value({ study: plan.study.name, scale: plan.scale.name, runs, hours });
  return 0;
}

/** Says before the first run which base is missing. */
async function checkBases({ runs, scale }: StudyPlan, assets: AssetReader): Promise<void> {
  for (const { recipe } of runs) {
    if (!('checkpoint' in recipe.model)) continue;
    const { files, folder } = checkpointPlace(assets, recipe.model.checkpoint);
    await files.read(`${folder}/config.json`).catch(() => {
      throw new InputError(
        'lab reproduce',
        `the base ${'checkpoint' in recipe.model && recipe.model.checkpoint} in models/ of the assets`,
        'none',
        `train one at ${scale.shortLength} tokens and name its assets with --assets, or choose --scale nano`,
      );
    });
  }
}

function scaleOption({ options }: CommandLine): ScaleName {
  const scale = SCALES.find((name) => name === (options.scale ?? 'nano'));
  if (!scale) throw new InputError('--scale', SCALES.join(', '), options.scale, 'choose one of them');
  return scale;
}

function seedsOption({ options }: CommandLine): number[] | undefined {
  if (options.seeds === undefined) return undefined;
  const seeds = options.seeds.split(',').map(Number);
  if (!/^\d+(,\d+)*$/.test(options.seeds) || new Set(seeds).size < seeds.length)
    throw new InputError('--seeds', 'different whole numbers, as in 1,2,3', options.seeds, 'fix --seeds');
  return seeds;
}
