import { InputError } from '../core/errors';
import { DEFAULT_PACE_LIMITS } from '../core/paceLimits';
import type { RunPlan, StepRecord } from '../core/records';
import { openGpu } from '../session/headless/openGpu';
import { parseVariants, trainToFolder } from '../session/headless/trainToFolder';
import { type CommandLine, wholeOption } from './commandLine';
import { openDawn } from './dawn';
import { diskStore } from './diskStore';
import { openRecipe } from './files';
import { onInterrupt } from './interrupt';
import { createOutput } from './output';
import { tuningPorts } from './tuningFile';

/** `lab train`: a recipe from its start, or from the newest checkpoint of an earlier call, to its end. */
export async function train(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const { out } = line.options;
  if (!out) throw new InputError('lab train', '--out DIR', 'none', 'name a folder for metrics and checkpoints');
  const { summary, last } = await trainToFolder({
    ...(await openRecipe(line, line.positionals[0])),
    gpu: await openGpu(openDawn()),
    files: diskStore(out),
    resume: line.options.resume !== undefined,
    checkpointEvery: wholeOption(line, 'checkpoint-every', 100),
    maxSteps: wholeOption(line, 'steps', Number.MAX_SAFE_INTEGER),
    variants: parseVariants(line.options.variants),
    tuning: tuningPorts(line),
    pace: {
      maxDispatchMs: wholeOption(line, 'max-dispatch-ms', DEFAULT_PACE_LIMITS.maxDispatchMs),
      maxSubmitMs: wholeOption(line, 'max-submit-ms', DEFAULT_PACE_LIMITS.maxSubmitMs),
    },
    signal: onInterrupt('finishing the step and writing a checkpoint'),
    onTuning: (done, total, what) => output.progress(`tuning kernels for this adapter, ${done} of ${total}: ${what}`),
    onCompile: (done, total) => output.progress(`compiling kernels ${done} of ${total}`),
    onStep: (step, plan) => output.progress(progressLine(step, plan)),
  });
  output.endProgress();
  const { status, reason, plan } = summary;
  if (reason) process.stderr.write(`lab train: ${reason}\n`);
  output.line(`${status} at step ${last?.step ?? 0} of ${plan.steps}, loss ${last?.loss.toFixed(4)}; ${out}`);
  output.value({ status, reason, step: last?.step ?? 0, loss: last?.loss, out });
  return status === 'failed' ? 1 : 0;
}

/** In the order of nanochat's log line: step, share, loss, rate, norm, time, speed, what is left. */
function progressLine(step: StepRecord, { steps }: RunPlan): string {
  const percent = ((100 * step.step) / steps).toFixed(1);
  const left = ((steps - step.step) * step.stepMs) / 1000;
  return (
    `step ${step.step}/${steps} (${percent} %)  loss ${step.loss.toFixed(4)}  lr ${step.learningRate.toExponential(2)}  ` +
    `norm ${step.gradNorm.toFixed(2)}  ${step.stepMs.toFixed(0)} ms  ${Math.round(step.tokensPerSecond)} tok/s  ` +
    `T ${step.sequenceLength}  ETA ${formatSeconds(left)}`
  );
}

function formatSeconds(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}m ${Math.round(seconds % 60)}s` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}
