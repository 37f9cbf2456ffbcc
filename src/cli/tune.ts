import { InputError } from '../core/errors';
import { openGpu } from '../session/headless/openGpu';
import { type RecipeTuning, tuneRecipe } from '../session/headless/tuneRecipe';
import type { CommandLine } from './commandLine';
import { openDawn } from './dawn';
import { openRecipe } from './files';
import { onInterrupt } from './interrupt';
import { createOutput, type Output } from './output';
import { tuningPorts } from './tuningFile';

/** `lab tune`: checks and times every kernel variant at a recipe's shapes, and remembers the winners. */
export async function tune(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const ports = tuningPorts(line);
  if (!ports) throw new InputError('lab tune', 'tuning to be on', 'LAB_TUNING=off', 'unset LAB_TUNING');
  const { recipe, assets, checkpoint } = await openRecipe(line, line.positionals[0]);
  const tuned = await tuneRecipe(await openGpu(openDawn()), assets, recipe, checkpoint, ports, {
    signal: onInterrupt('ending the tuning; nothing of it is remembered'),
    onProgress: (done, total, what) => output.progress(`${done} of ${total}: ${what}`),
  });
  output.endProgress();
  printTuning(output, tuned);
  output.value(tuned);
  return 0;
}

function printTuning(output: Output, { adapter, rows, length, operations, refusals, complete }: RecipeTuning): void {
  output.line(`${adapter}, at ${rows} ${rows === 1 ? 'row' : 'rows'} of ${length} tokens`);
  output.line();
  output.table([
    ['operation', 'variant', 'check', 'share of tolerance', 'GFLOP/s', 'used', 'why'],
    ...operations.flatMap(({ operation, chosen, why, candidates }) =>
      candidates.map(({ variant, check, toleranceShare, gflopsPerSecond }) => [
        operation,
        variant,
        check,
        toleranceShare?.toPrecision(2) ?? '-',
        gflopsPerSecond?.toFixed(2) ?? '-',
        variant === chosen ? 'yes' : '-',
        variant === chosen ? why : '',
      ]),
    ),
  ]);
  if (refusals.length) output.line();
  for (const refusal of refusals) output.line(refusal);
  if (!complete) output.line('\nnot complete: what was not reached keeps its default; give it more time with --budget');
}
