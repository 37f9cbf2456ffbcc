import { LabError } from '../../core/errors';
import type { AdapterPeak, KernelTime } from '../../core/profile';
import { adapterName, assertHealthy, type Gpu } from '../../gpu/device';
import { PipelineCache } from '../../gpu/pipelines';
import { measureAdapterPeak } from './adapterPeak';
import { COMMON_MODEL, CommonStep } from './commonStep';
import { countGpuCalls, type GpuCounters } from './gpuCounters';
import { type KernelShares, measureKernelShares } from './kernelShares';
import { dispatchTimes, kernelTimes, type TimedDispatch } from './profile';

/** The common step at one length. Bytes and counts are properties of the software; times are of this adapter, now. */
export interface LengthResult {
  length: number;
  firstLoss: number;
  /** Live GPU bytes while stepping, which equal the plan's. */
  peakBytes: number;
  /** Calls per step. */
  dispatches: number;
  submits: number;
  buffersCreated: number;
  maps: number;
  /** Median. */
  stepMs: number;
  tokensPerSecond: number;
  gflopsPerSecond: number;
  /** gflopsPerSecond over the adapter's measured multiply-add peak. */
  shareOfPeak: number;
  kernels: KernelTime[];
}

export interface BenchReport {
  adapter: string;
  /** On the CPU: times say nothing about GPUs. */
  isSoftware: boolean;
  peak: AdapterPeak;
  lengths: LengthResult[];
  /** Kernels at set sizes; only when asked for. */
  kernels?: KernelShares;
}

/** How far from ln V the loss of an untrained model may lie. */
const FIRST_LOSS_TOLERANCE = 0.1;

/** Checks the step, then times it at each length. @throws LabError, with no number printed, when a check fails. */
export async function runBench(
  gpu: Gpu,
  lengths: readonly number[],
  steps: number,
  onProgress: (what: string) => void,
  withKernels = false,
): Promise<BenchReport> {
  const pipelines = new PipelineCache(gpu.device);
  onProgress('checking the step');
  await checkRepeatable(gpu, pipelines, Math.min(...lengths));
  onProgress("measuring the adapter's peak");
  const peak = await measureAdapterPeak(gpu, pipelines);
  const results: LengthResult[] = [];
  for (const length of lengths) {
    onProgress(`${length} tokens`);
    results.push(await measureLength(gpu, pipelines, length, steps, peak));
  }
  const report: BenchReport = { adapter: adapterName(gpu.facts), isSoftware: gpu.facts.isSoftware, peak, lengths: results };
  if (withKernels) {
    onProgress('kernels at set sizes');
    report.kernels = await measureKernelShares(gpu, pipelines, peak);
  }
  assertHealthy(gpu);
  return report;
}

/** The same step twice from the same state must give the same bits. */
async function checkRepeatable(gpu: Gpu, pipelines: PipelineCache, length: number): Promise<void> {
  const step = await CommonStep.open(gpu, pipelines, length);
  try {
    const outcome = async () => {
      step.reset();
      const { loss } = await step.run();
      checkFirstLoss(loss, length);
      const [weights] = await step.engine.read([step.model.optimizer.weights]);
      return new Uint32Array(weights.buffer);
    };
    const first = await outcome();
    const second = await outcome();
    const at = first.findIndex((bits, i) => bits !== second[i]);
    if (at >= 0)
      throw new LabError('bench', 'equal bits from equal steps', `weight ${at} differs`, 'this is a defect; please report it');
  } finally {
    step.destroy();
  }
}

function checkFirstLoss(loss: number, length: number): void {
  const expected = Math.log(COMMON_MODEL.vocabSize);
  if (!(Math.abs(loss - expected) < FIRST_LOSS_TOLERANCE))
    throw new LabError(
      'bench',
      `a first loss near ln ${COMMON_MODEL.vocabSize} = ${expected.toFixed(3)} at ${length} tokens`,
      loss,
      'run lab check on this adapter',
    );
}

/** Opens the step, counts and times replays of it, and profiles its kernels. */
export async function measureLength(
  gpu: Gpu,
  pipelines: PipelineCache,
  length: number,
  steps: number,
  peak: AdapterPeak,
): Promise<LengthResult> {
  const counters = countGpuCalls(gpu.device);
  const before = counters.liveBytes;
  const step = await CommonStep.open(gpu, pipelines, length);
  try {
    const { loss: firstLoss } = await step.run();
    checkFirstLoss(firstLoss, length);
    const start = { ...counters };
    const times: number[] = [];
    for (let i = 0; i < steps; i++) {
      const started = performance.now();
      await step.run();
      times.push(performance.now() - started);
    }
    const perStep = (counter: keyof GpuCounters) => (counters[counter] - start[counter]) / steps;
    const peakBytes = counters.liveBytes - before;
    const buffersCreated = perStep('buffersCreated');
    if (peakBytes !== step.plan.totalBytes || buffersCreated)
      throw new LabError(
        'bench',
        `the plan's ${step.plan.totalBytes} bytes at ${length} tokens and no buffer created by a step`,
        `${peakBytes} bytes, ${buffersCreated} buffers per step`,
        'this is a defect; please report it',
      );
    const stepMs = times.sort((a, b) => a - b)[Math.floor(steps / 2)];
    const gflopsPerSecond = step.flops / stepMs / 1e6;
    const counts = { dispatches: perStep('dispatches'), submits: perStep('submits'), buffersCreated, maps: perStep('maps') };
    return {
      length,
      firstLoss,
      peakBytes,
      ...counts,
      stepMs,
      tokensPerSecond: length / (stepMs / 1000),
      gflopsPerSecond,
      shareOfPeak: gflopsPerSecond / peak.fmaGflopsPerSecond,
      kernels: kernelTimes(await timeKernels(step), peak),
    };
  } finally {
    step.destroy();
  }
}

async function timeKernels({ engine, train, optimizer }: CommonStep): Promise<TimedDispatch[]> {
  const timed: TimedDispatch[] = [];
  for (const program of [train, optimizer]) {
    const times = await dispatchTimes(engine, program);
    timed.push(...program.dispatches.map((dispatch, i) => ({ dispatch, ms: times[i] })));
  }
  return timed;
}
