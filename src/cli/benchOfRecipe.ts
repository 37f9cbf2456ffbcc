import type { StepProfile } from '../core/profile';
import { benchRecipe, type RecipeBench } from '../session/headless/benchRecipe';
import { openGpu } from '../session/headless/openGpu';
import { parseVariants } from '../session/headless/trainToFolder';
import { percent, printAdapter, printKernelTimes } from './benchOutput';
import { type CommandLine, optionalWhole } from './commandLine';
import { openDawn } from './dawn';
import { openRecipe } from './files';
import type { Output } from './output';

/** `lab bench --recipe`: what it takes to start a recipe, and its first step, or decoding with its model. */
export async function benchOfRecipe(line: CommandLine, path: string, output: Output): Promise<RecipeBench> {
  const report = await benchRecipe({
    ...(await openRecipe(line, path)),
    gpu: await openGpu(openDawn()),
    variants: parseVariants(line.options.variants),
    decode: optionalWhole(line, 'decode'),
    onProgress: output.progress,
  });
  output.endProgress();
  printRecipe(output, report);
  return report;
}

function printRecipe(output: Output, report: RecipeBench): void {
  const { recipe, compile, step, decode } = report;
  printAdapter(output, report);
  output.line(`recipe: ${recipe}`);
  const total = compile.reduce((sum, { ms }) => sum + ms, 0);
  const [slowest] = compile;
  output.line(
    `${compile.length} pipelines compiled one by one in ${total.toFixed(0)} ms, the slowest in ${slowest.ms.toFixed(0)} ms: ${slowest.pipeline}`,
  );
  if (step) printStep(output, step);
  if (!decode) return;
  const { promptTokens, prefillMs, decodeMs, bytes, floorMs, peak } = decode;
  output.line(
    `a prompt of ${promptTokens} tokens in ${seconds(prefillMs)}: ${((1000 * promptTokens) / prefillMs).toFixed(0)} tokens/s`,
  );
  output.line(
    `then ${decodeMs.toFixed(2)} ms a token, ${(decodeMs / floorMs).toFixed(2)} × the ${floorMs.toFixed(2)} ms that its ${(bytes / 1e6).toFixed(0)} MB of ` +
      `weights and cache take at ${peak.copyGigabytesPerSecond.toFixed(1)} GB/s`,
  );
}

function printStep(output: Output, step: StepProfile): void {
  const { peak, kernelMs } = step;
  output.line(
    `${step.tokens} tokens a step, rows of ${step.sequenceLength}: ${seconds(step.stepMs)}, of which kernels ${seconds(kernelMs)}`,
  );
  output.line(
    `${step.dispatches} dispatches, the longest ${step.longestDispatchMs.toFixed(1)} ms; ${step.submits} submits, the longest ${step.longestSubmitMs.toFixed(1)} ms`,
  );
  output.line(
    `MFU ${percent(step.mfu)} (causal-exact model FLOPs), HFU ${percent(step.hfu)} (recomputation included), ` +
      `of ${peak.fmaGflopsPerSecond.toFixed(1)} GFLOP/s of multiply-adds`,
  );
  printKernelTimes(output, 'kernel', step.kernels);
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
