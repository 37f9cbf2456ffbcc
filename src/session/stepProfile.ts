import type { StepProfile, TimelineSpan } from '../core/profile';
import type { Gpu } from '../gpu/device';
import type { PipelineCache } from '../gpu/pipelines';
import type { Program } from '../kernels/program';
import { uploadBatch } from '../model/upload';
import { type StepSubmit, stepSubmits } from '../training/stepper';
import type { ActiveRun } from './activeRun';
import { measureAdapterPeak } from './bench/adapterPeak';
import { dispatchTimes, kernelName, kernelTimes, type TimedDispatch } from './bench/profile';

/** AdamW with these leaves weights and moments as they are, to the bit. */
const STANDING_STILL = {
  learning_rate: 0,
  beta1: 1,
  beta2: 1,
  eps: 1,
  weight_decay: 0,
  correction1: 1,
  correction2: 1,
  max_grad_norm: 1,
};

/**
 * Times a run's next step: whole, submit by submit, and call by call. Weights, moments, metrics and the data stream are as before: gradients
 * are scratch between steps, and the optimizer runs with a rate of zero and moments that keep all they have.
 */
export async function profileStep(run: ActiveRun, gpu: Gpu, pipelines: PipelineCache): Promise<StepProfile> {
  const { blueprint, engine, stream } = run;
  const { model, optimizer, stages } = blueprint;
  const { stage, program } = stages.find((candidate) => candidate.stage === run.stage)!;
  const { metrics } = model.optimizer;
  const peak = await measureAdapterPeak(gpu, pipelines);
  const cursor = stream.cursor();
  const [before] = await engine.read([metrics]);
  try {
    uploadBatch(engine, model, stream.next(stage.rowsPerMicroBatch, stage.sequenceLength), 1);
    engine.executable(optimizer).setParams(STANDING_STILL);
    const submits = stepSubmits(program, stage.microBatches, optimizer);
    await timeSubmits(run, submits, false);
    const submitMs = await timeSubmits(run, submits, true);
    const [stepMs] = await timeSubmits(run, submits, false);
    const train = await timed(run, program);
    const update = await timed(run, optimizer);
    const all = [...repeat(train, stage.microBatches), ...update];
    const kernelMs = all.reduce((sum, { ms }) => sum + ms, 0);
    const { flopsPerStep: modelFlops, hardwareFlopsPerStep: hardwareFlops } = blueprint.plan.stages[stage.stage];
    const shareOfPeak = (flops: number) => flops / stepMs / 1e6 / peak.fmaGflopsPerSecond;
    return {
      sequenceLength: stage.sequenceLength,
      tokens: stage.rows * stage.sequenceLength,
      stepMs,
      kernelMs,
      clock: gpu.facts.features.includes('timestamp-query') ? 'timestamps' : 'wall',
      dispatches: all.length,
      submits: submits.length,
      longestDispatchMs: longest(all.map(({ ms }) => ms)),
      longestSubmitMs: longest(submitMs),
      kernels: kernelTimes(all, peak),
      timeline: timeline(all, stage.microBatches * train.length),
      peak,
      modelFlops,
      hardwareFlops,
      mfu: shareOfPeak(modelFlops),
      hfu: shareOfPeak(hardwareFlops),
    };
  } finally {
    stream.restore(cursor);
    engine.write(metrics, before);
  }
}

/** Of as many as a slow adapter's step is cut to, which are too many for the arguments of one call. */
function longest(ms: readonly number[]): number {
  return ms.reduce((most, each) => Math.max(most, each), 0);
}

async function timed({ engine }: ActiveRun, program: Program): Promise<TimedDispatch[]> {
  const times = await dispatchTimes(engine, program);
  return program.dispatches.map((dispatch, i) => ({ dispatch, ms: times[i] }));
}

function repeat<T>(values: readonly T[], times: number): T[] {
  return Array.from({ length: times }, () => values).flat();
}

/** Wall time of the step's submits: of each, waiting for it, or of all of them together. */
async function timeSubmits({ engine }: ActiveRun, submits: readonly StepSubmit[], each: boolean): Promise<number[]> {
  const { device } = engine.gpu;
  const times: number[] = [];
  await device.queue.onSubmittedWorkDone();
  let started = performance.now();
  for (const [i, { calls }] of submits.entries()) {
    const encoder = device.createCommandEncoder({ label: 'profiled step' });
    const pass = encoder.beginComputePass({ label: 'profiled step' });
    for (const { program, submit } of calls) engine.executable(program).encode(pass, submit);
    pass.end();
    device.queue.submit([encoder.finish()]);
    if (!each && i < submits.length - 1) continue;
    await device.queue.onSubmittedWorkDone();
    times.push(performance.now() - started);
    started = performance.now();
  }
  return times;
}

/** Neighbouring calls of one operation as one span. The loss begins with the output head and ends with the sum of losses. */
function timeline(all: readonly TimedDispatch[], trained: number): TimelineSpan[] {
  const spans: TimelineSpan[] = [];
  let phase: TimelineSpan['phase'] = 'forward';
  let startMs = 0;
  all.forEach(({ dispatch, ms }, i) => {
    const kernel = kernelName(dispatch);
    if (i >= trained) phase = 'optimizer';
    else if (kernel.startsWith('embedding_forward')) phase = 'forward';
    else if (kernel.endsWith('.lm_head') || /^(cross_entropy|loss_sum)\./.test(kernel)) phase = 'loss';
    else if (phase === 'loss') phase = 'backward';
    const last = spans[spans.length - 1];
    if (last?.kernel === kernel && last.phase === phase) last.ms += ms;
    else spans.push({ kernel, startMs, ms, phase });
    startMs += ms;
  });
  return spans;
}
