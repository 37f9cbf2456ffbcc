import { type Batch, targetWeightSum } from '../core/batch';
import { mapForReading } from '../gpu/readback';
import { METRIC_NAMES } from '../kernels/optimizer';
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

export const METRICS_BYTES = METRIC_NAMES.length * BYTES_PER_ELEMENT;
export const METRIC_STAGING_BYTES = RING * METRICS_BYTES;

/**
 * Replays training programs: one submit per micro-batch, the optimizer in the last one, sixteen bytes of metrics read back late through a
 * ring of staging buffers. Nothing is created per step.
 */
export class Stepper {
  private readonly ring: { buffer: GPUBuffer; busy: Promise<unknown> }[];
  private turn = 0;

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
   * @returns when the step is on the queue, its metrics as a promise that resolves once the GPU is done with it.
   */
  async submit(
    program: Program,
    batches: readonly Batch[],
    settings: StepSettings,
    adamStep: number,
  ): Promise<{ metrics: Promise<StepMetrics> }> {
    const slot = this.ring[this.turn];
    this.turn = (this.turn + 1) % RING;
    await slot.busy;
    const { device } = this.engine.gpu;
    const { optimizer } = this.model;
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
    batches.forEach((batch, i) => {
      uploadBatch(this.engine, this.model, batch, totalWeight);
      const encoder = device.createCommandEncoder({ label: program.name });
      if (i === 0)
        for (const { storage } of [optimizer.gradients, optimizer.lossPartials])
          encoder.clearBuffer(this.engine.bufferOf(storage));
      const pass = encoder.beginComputePass({ label: program.name });
      this.engine.executable(program).encode(pass);
      const last = i === batches.length - 1;
      if (last) this.engine.executable(this.optimizer).encode(pass);
      pass.end();
      if (last) encoder.copyBufferToBuffer(this.engine.bufferOf(optimizer.metrics.storage), 0, slot.buffer, 0, METRICS_BYTES);
      device.queue.submit([encoder.finish()]);
    });
    const metrics = readMetrics(slot.buffer);
    slot.busy = metrics.catch(() => undefined);
    return { metrics };
  }

  destroy(): void {
    for (const { buffer } of this.ring) buffer.destroy();
  }
}

async function readMetrics(buffer: GPUBuffer): Promise<StepMetrics> {
  await mapForReading(buffer, 'read step metrics');
  const [loss, gradNorm, clip, finite] = new Float32Array(buffer.getMappedRange());
  buffer.unmap();
  return { loss, gradNorm, clip, finite: finite === 1 };
}
