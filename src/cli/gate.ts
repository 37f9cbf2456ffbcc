import { openGpu } from '../session/headless/openGpu';
import { type GateReport, runPrecisionGate } from '../session/headless/precisionGate';
import { parseVariants } from '../session/headless/trainToFolder';
import { type CommandLine, wholeOption } from './commandLine';
import { openDawn } from './dawn';
import { openRecipe } from './files';
import { createOutput, type Output } from './output';

/** `lab gate`: whether a recipe may be trained in float16 on this adapter. */
export async function gate(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const report = await runPrecisionGate({
    ...(await openRecipe(line, line.positionals[0])),
    gpu: await openGpu(openDawn()),
    steps: wholeOption(line, 'steps', 500),
    variants: parseVariants(line.options.variants) ?? {},
    onStep: (precision, step, loss) => output.progress(`${precision} step ${step}  loss ${loss.toFixed(4)}`),
  });
  output.endProgress();
  printReport(output, report);
  output.value(report);
  return report.passed ? 0 : 1;
}

function printReport(output: Output, { adapter, steps, window, float32, float16, difference, fall, passed, census }: GateReport) {
  output.line(`${adapter}: ${steps} steps, losses are means over ${window}`);
  output.table([
    ['', 'first', 'last'],
    ['float32', float32.first.toFixed(4), float32.last.toFixed(4)],
    ['float16', float16.first.toFixed(4), float16.last.toFixed(4)],
  ]);
  output.line();
  output.line('share of values that float16 may flush to zero (below 2^-14), the ten largest:');
  const worst = [...census].sort((a, b) => b.belowNormal - a.belowNormal).slice(0, 10);
  output.table(worst.map(({ tensor, belowNormal }) => [`  ${tensor}`, `${(100 * belowNormal).toFixed(3)} %`]));
  output.line(`values above 65,504: ${census.reduce((sum, { values, clamped }) => sum + values * clamped, 0)}`);
  output.line();
  output.line(`${passed ? 'passed' : 'FAILED'}: ${(100 * difference).toFixed(2)} % apart, the loss fell ${fall.toFixed(2)} nats`);
}
