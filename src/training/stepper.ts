import { type Batch, targetWeightSum } from '../core/batch';
import { mapForReading } from '../gpu/readback';
import { METRIC_NAMES } from '../kernels/optimizer';
import type { Submit } from '../kernels/pace';
import type { Program } from '../kernels/program';
import { BYTES_PER_ELEMENT } from '../kernels/tensor';
import type { Engine } from '../model/engine';
import type { ModelTensors } from '../model/tensors';
import { uploadBatch } from '../model/upload';

/** The optimizer's values for one step. */
export interface StepSettings {
  learningRate: number;
  betas: readonly [number, number];
  eps: number;
  weightDecay: number;
  maxGradNorm: number;
}

export interface StepMetrics {
  loss: number;
  gradNorm: number;
  clip: number;
  /** False where a gradient or the loss was not finite: the weights are those of the step before. */
  finite: boolean;
}

/** Staging buffers in flight; the result of a step is read while later steps run. */
const RING = 4;

/** Submits of a long step that may be on the queue at a time: one runs while the next waits. */
const SUBMITS_IN_FLIGHT = 2;

/** Steps of so few submits are put on the queue whole. */
const UNTHROTTLED_SUBMITS = 2;

export const METRICS_BYTES = METRIC_NAMES.length * BYTES_PER_ELEMENT;
export const METRIC_STAGING_BYTES = RING * METRICS_BYTES;

/**
 * Replays training programs, in submits as short as their pace asks, the optimizer in the last one; sixteen bytes of metrics are read back
 * late through a ring of staging buffers. Nothing is created per step.
 */
export class Stepper {
  private readonly ring: { buffer: GPUBuffer; busy: Promise<unknown> }[];
  private turn = 0;
  private readonly unfinished: Promise<undefined>[] = [];

  constructor(
    private readonly engine: Engine,
    private readonly model: ModelTensors,
    private readonly optimizer: Program,
  ) {
    const { device } = engine.gpu;
    this.ring = Array.from({ length: RING }, (_, i) => ({
      buffer: device.createBuffer({
        label: `metrics.staging.${i}`,
        size: METRICS_BYTES,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      }),
      busy: Promise.resolve(),
    }));
  }

  /**
   * Submits one optimizer step; `adamStep` counts AdamW updates from 1.
   * @param signal ends the step before its next submit, unless the optimizer has begun: weights and moments are then those from before
   * the step, and never a part of them new.
   * @returns when the step is on the queue, its metrics as a promise that resolves once the GPU is done with it.
   * @throws the signal's reason when it was aborted.
   */
  async submit(
    program: Program,
    batches: readonly Batch[],
    settings: StepSettings,
    adamStep: number,
    signal?: AbortSignal,
  ): Promise<{ metrics: Promise<StepMetrics> }> {
    const slot = this.ring[this.turn];
    this.turn = (this.turn + 1) % RING;
    await slot.busy;
    this.engine.executable(this.optimizer).setParams({
      learning_rate: settings.learningRate,
      beta1: settings.betas[0],
      beta2: settings.betas[1],
      eps: settings.eps,
      weight_decay: settings.weightDecay,
      correction1: 1 - settings.betas[0] ** adamStep,
      correction2: 1 - settings.betas[1] ** adamStep,
      max_grad_norm: settings.maxGradNorm,
    });
    const totalWeight = targetWeightSum(batches);
    const submits = stepSubmits(program, batches.length, this.optimizer);
    for (const [i, submit] of submits.entries()) {
      if (!submit.isUpdate) signal?.throwIfAborted();
      if (submit.begins !== undefined) uploadBatch(this.engine, this.model, batches[submit.begins], totalWeight);
      this.encode(submit, { first: i === 0, staging: i === submits.length - 1 ? slot.buffer : undefined });
      if (submits.length > UNTHROTTLED_SUBMITS) await this.throttle();
    }
    const metrics = readMetrics(slot.buffer);
    slot.busy = metrics.catch(() => undefined);
    return { metrics };
  }

  destroy(): void {
    for (const { buffer } of this.ring) buffer.destroy();
  }

  private encode({ calls }: StepSubmit, { first, staging }: { first: boolean; staging: GPUBuffer | undefined }): void {
    const { device } = this.engine.gpu;
    const { gradients, lossPartials, metrics } = this.model.optimizer;
    const [{ program }] = calls;
    const encoder = device.createCommandEncoder({ label: program.name });
    if (first) for (const { storage } of [gradients, lossPartials]) encoder.clearBuffer(this.engine.bufferOf(storage));
    const pass = encoder.beginComputePass({ label: program.name });
    for (const call of calls) this.engine.executable(call.program).encode(pass, call.submit);
    pass.end();
    if (staging) encoder.copyBufferToBuffer(this.engine.bufferOf(metrics.storage), 0, staging, 0, METRICS_BYTES);
    device.queue.submit([encoder.finish()]);
  }

  /** Waits until few submits are left on the queue, so that a pause or a click in the page is never behind more. */
  private async throttle(): Promise<void> {
    this.unfinished.push(this.engine.gpu.device.queue.onSubmittedWorkDone());
    if (this.unfinished.length >= SUBMITS_IN_FLIGHT) await this.unfinished.shift();
  }
}

/** Calls that go to the queue together. */
export interface StepSubmit {
  /** The micro-batch that must be uploaded first. */
  begins?: number;
  /** Follows a submit that the optimizer began in. */
  isUpdate: boolean;
  calls: { program: Program; submit: Submit }[];
}

/** One optimizer step as submits: the training program once per micro-batch, then the optimizer, in the last one if it fits. */
export function stepSubmits(program: Program, microBatches: number, optimizer: Program): StepSubmit[] {
  const submits: StepSubmit[] = [];
  for (let batch = 0; batch < microBatches; batch++)
    program.submits.forEach((submit, i) => {
      submits.push({ begins: i === 0 ? batch : undefined, isUpdate: false, calls: [{ program, submit }] });
    });
  for (const submit of optimizer.submits) {
    const { calls } = submits[submits.length - 1];
    const ms = calls.reduce((sum, call) => sum + call.submit.ms, submit.ms);
    if (ms <= optimizer.pace.maxSubmitMs) calls.push({ program: optimizer, submit });
    else submits.push({ isUpdate: calls.some((call) => call.program === optimizer), calls: [{ program: optimizer, submit }] });
  }
  return submits;
}

async function readMetrics(buffer: GPUBuffer): Promise<StepMetrics> {
  await mapForReading(buffer, 'read step metrics');
  const [loss, gradNorm, clip, finite] = new Float32Array(buffer.getMappedRange());
  buffer.unmap();
  return { loss, gradNorm, clip, finite: finite === 1 };
}
