import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError } from '../core/errors';
import { type BenchReport, type LengthResult, runBench } from '../session/bench/bench';
import { COMMON_MODEL } from '../session/bench/commonStep';
import { openGpu } from '../session/headless/openGpu';
import { benchOfRecipe } from './benchOfRecipe';
import { percent, printAdapter, printKernelTimes } from './benchOutput';
import { type CommandLine, wholeOption } from './commandLine';
import { openDawn } from './dawn';
import { createOutput, type Output } from './output';

/** `lab bench`: the common training step, checked and then timed, with every WebGPU call counted; or a recipe's step or its decoding. */
export async function bench(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  refuseIdleOptions(line);
  const { recipe } = line.options;
  const measured = recipe === undefined ? await benchCommonStep(line, output) : await benchOfRecipe(line, recipe, output);
  const result = { date: new Date().toISOString(), command: ['lab', ...process.argv.slice(2)].join(' '), ...measured };
  if (line.options.out) {
    await mkdir(dirname(line.options.out), { recursive: true });
    await writeFile(line.options.out, `${JSON.stringify(result, undefined, 2)}\n`);
    output.line(`written to ${line.options.out}`);
  }
  output.value(result);
  return 0;
}

/** Options that the other of the two benches would take no notice of. */
const OF_THE_COMMON_STEP = ['lengths', 'steps', 'kernels'];
const OF_A_RECIPE = ['decode', 'variants'];

function refuseIdleOptions({ options }: CommandLine): void {
  const isOfRecipe = options.recipe !== undefined;
  const idle = (isOfRecipe ? OF_THE_COMMON_STEP : OF_A_RECIPE).find((name) => options[name] !== undefined);
  if (!idle) return;
  const where = isOfRecipe ? 'without --recipe' : 'with --recipe';
  throw new InputError('lab bench', `--${idle} only ${where}`, `--${idle} ${options[idle]}`, 'see lab --help');
}

async function benchCommonStep(line: CommandLine, output: Output): Promise<object> {
  const lengths = parseLengths(line.options.lengths ?? '256,1024,2048');
  const steps = wholeOption(line, 'steps', 5);
  const report = await runBench(await openGpu(openDawn()), lengths, steps, output.progress, line.options.kernels !== undefined);
  output.endProgress();
  printAdapter(output, report);
  printReport(output, report);
  if (report.kernels) printKernels(output, report.kernels);
  return { model: COMMON_MODEL, ...report };
}

function parseLengths(text: string): number[] {
  const lengths = text.split(',').map(Number);
  if (lengths.some((length) => !Number.isInteger(length) || length < 2))
    throw new InputError('--lengths', 'whole numbers above 1, separated by commas', text, 'for instance --lengths 256,1024');
  return lengths;
}

function printReport(output: Output, { peak, lengths }: BenchReport): void {
  const { fmaGflopsPerSecond: fma, copyGigabytesPerSecond: copy } = peak;
  output.line(`peak: ${fma.toFixed(1)} GFLOP/s of multiply-adds, ${copy.toFixed(1)} GB/s read and written by copies`);
  output.line();
  const row = (name: string, cell: (result: LengthResult) => string) => [name, ...lengths.map(cell)];
  output.table([
    row('tokens', ({ length }) => String(length)),
    row('first loss', ({ firstLoss }) => firstLoss.toFixed(4)),
    row('peak MB', ({ peakBytes }) => (peakBytes / 1e6).toFixed(2)),
    row('dispatches', ({ dispatches }) => String(dispatches)),
    row('submits', ({ submits }) => String(submits)),
    row('buffers created', ({ buffersCreated }) => String(buffersCreated)),
    row('maps', ({ maps }) => String(maps)),
    row('step ms', ({ stepMs }) => stepMs.toFixed(1)),
    row('tokens/s', ({ tokensPerSecond }) => tokensPerSecond.toFixed(0)),
    row('GFLOP/s', ({ gflopsPerSecond }) => gflopsPerSecond.toFixed(2)),
    row('share of peak', ({ shareOfPeak }) => percent(shareOfPeak)),
  ]);
  printPerToken(output, lengths);
  const { length, kernels } = lengths[lengths.length - 1];
  printKernelTimes(output, `kernel at ${length} tokens`, kernels);
}

/** Whether time per token grows no faster than the arithmetic does. */
function printPerToken(output: Output, lengths: readonly LengthResult[]): void {
  const [first, last] = [lengths[0], lengths[lengths.length - 1]];
  if (first === last) return;
  const time = last.stepMs / last.length / (first.stepMs / first.length);
  const flops = (last.gflopsPerSecond * last.stepMs) / last.length / ((first.gflopsPerSecond * first.stepMs) / first.length);
  output.line(`from ${first.length} to ${last.length} tokens, per token: time × ${time.toFixed(2)}, FLOPs × ${flops.toFixed(2)}`);
}

function printKernels(
  output: Output,
  { matmul, attention, oneDocumentMs, eightDocumentsMs }: NonNullable<BenchReport['kernels']>,
) {
  output.line();
  output.table([
    ['kernel', 'variant', 'GFLOP/s', 'of peak'],
    ...[...matmul, ...attention].map(({ kernel, variant, gflopsPerSecond, shareOfPeak }) => [
      kernel,
      variant,
      gflopsPerSecond.toFixed(2),
      `${(100 * shareOfPeak).toFixed(0)} %`,
    ]),
  ]);
  output.line('matmul at 512³; attention at 2,048 tokens, head_dim 64; checked against the oracles first');
  output.line(
    `attention over 4,096 tokens: one document ${oneDocumentMs.toFixed(0)} ms, eight ${eightDocumentsMs.toFixed(0)} ms (${(oneDocumentMs / eightDocumentsMs).toFixed(1)} times faster)`,
  );
}
