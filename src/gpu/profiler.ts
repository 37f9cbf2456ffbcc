/** Times a compute pass, alone on the queue. */
export interface PassClock {
  /** Milliseconds of one compute pass. */
  measure(label: string, record: (pass: GPUComputePassEncoder) => void): Promise<number>;
  destroy(): void;
}

/** The GPU's own clock where it has one, else wall time round the queue. */
export function createPassClock(device: GPUDevice): PassClock {
  return TimestampProfiler.create(device) ?? new WallClock(device);
}

/** Wall time from submit until the queue is done, latency included. */
class WallClock implements PassClock {
  constructor(private readonly device: GPUDevice) {}

  async measure(label: string, record: (pass: GPUComputePassEncoder) => void): Promise<number> {
    const encoder = this.device.createCommandEncoder({ label });
    const pass = encoder.beginComputePass({ label });
    record(pass);
    pass.end();
    const commands = encoder.finish();
    const started = performance.now();
    this.device.queue.submit([commands]);
    await this.device.queue.onSubmittedWorkDone();
    return performance.now() - started;
  }

  destroy(): void {}
}

/**
 * Measures compute passes with timestamp queries. Resolution is the browser's: 100 µs steps unless developer features are on, so short
 * kernels need repetitions inside one pass. Only for profiling: it maps a buffer per measurement.
 */
export class TimestampProfiler implements PassClock {
  private readonly querySet: GPUQuerySet;
  private readonly resolved: GPUBuffer;
  private readonly staging: GPUBuffer;

  private constructor(private readonly device: GPUDevice) {
    this.querySet = device.createQuerySet({ label: 'profiler', type: 'timestamp', count: 2 });
    this.resolved = device.createBuffer({
      label: 'profiler.resolved',
      size: 16,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    this.staging = device.createBuffer({
      label: 'profiler.staging',
      size: 16,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
  }

  /** A profiler, or undefined where the adapter has no timestamps and wall time must do. */
  static create(device: GPUDevice): TimestampProfiler | undefined {
    return device.features.has('timestamp-query') ? new TimestampProfiler(device) : undefined;
  }

  /** Milliseconds on the GPU of one compute pass. */
  async measure(label: string, record: (pass: GPUComputePassEncoder) => void): Promise<number> {
    const encoder = this.device.createCommandEncoder({ label });
    const timestampWrites = { querySet: this.querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
    const pass = encoder.beginComputePass({ label, timestampWrites });
    record(pass);
    pass.end();
    encoder.resolveQuerySet(this.querySet, 0, 2, this.resolved, 0);
    encoder.copyBufferToBuffer(this.resolved, 0, this.staging, 0, 16);
    this.device.queue.submit([encoder.finish()]);
    await this.staging.mapAsync(GPUMapMode.READ);
    const [begin, end] = new BigInt64Array(this.staging.getMappedRange());
    this.staging.unmap();
    return Number(end - begin) / 1e6;
  }

  destroy(): void {
    this.querySet.destroy();
    this.resolved.destroy();
    this.staging.destroy();
  }
}
