/** What a program does to WebGPU, counted by wrapping the prototypes. */
export interface GpuCounters {
  /** Sum of the sizes of live GPUBuffers, and its largest value. */
  liveBytes: number;
  peakBytes: number;
  largestBuffer: number;
  buffersCreated: number;
  dispatches: number;
  submits: number;
  maps: number;
  pipelines: number;
}

type Method = (this: object, ...values: unknown[]) => unknown;
type After = (self: object, values: unknown[], result: unknown) => void;

/** Global name, so that a page, a test and a file loaded before the lab share one set of counters. */
const shared = globalThis as { __gpuCounters?: GpuCounters };

/** The counters of this process, with the prototypes wrapped at most once. Call it when the WebGPU classes are globals and before counting. */
export function countGpuCalls(device: GPUDevice): GpuCounters {
  shared.__gpuCounters ??= {
    liveBytes: 0,
    peakBytes: 0,
    largestBuffer: 0,
    buffersCreated: 0,
    dispatches: 0,
    submits: 0,
    maps: 0,
    pipelines: 0,
  };
  const counters = shared.__gpuCounters;
  // Counters that something else loaded too early, before there were classes to wrap, exist but stand still.
  const before = counters.buffersCreated;
  device.createBuffer({ label: 'counter probe', size: 4, usage: GPUBufferUsage.COPY_DST }).destroy();
  if (counters.buffersCreated === before) wrapWebGpu(counters);
  return counters;
}

function wrapWebGpu(counters: GpuCounters): void {
  const sizes = new WeakMap<object, number>();
  after('GPUDevice', 'createBuffer', (_, [descriptor], buffer) => {
    const { size } = descriptor as GPUBufferDescriptor;
    sizes.set(buffer as object, size);
    counters.buffersCreated++;
    counters.liveBytes += size;
    counters.largestBuffer = Math.max(counters.largestBuffer, size);
    counters.peakBytes = Math.max(counters.peakBytes, counters.liveBytes);
  });
  after('GPUBuffer', 'destroy', (buffer) => {
    counters.liveBytes -= sizes.get(buffer) ?? 0;
    sizes.delete(buffer);
  });
  const count = (type: string, method: string, counter: keyof GpuCounters) =>
    after(type, method, () => {
      counters[counter]++;
    });
  count('GPUComputePassEncoder', 'dispatchWorkgroups', 'dispatches');
  count('GPUComputePassEncoder', 'dispatchWorkgroupsIndirect', 'dispatches');
  count('GPUQueue', 'submit', 'submits');
  count('GPUBuffer', 'mapAsync', 'maps');
  count('GPUDevice', 'createComputePipeline', 'pipelines');
  count('GPUDevice', 'createComputePipelineAsync', 'pipelines');
}

/** Calls `then` after every call of a method of a global class. */
function after(type: string, method: string, then: After): void {
  const { prototype } = (globalThis as unknown as Record<string, { prototype: Record<string, Method> }>)[type];
  const original = prototype[method];
  prototype[method] = function (...values) {
    const result = original.apply(this, values);
    then(this, values, result);
    return result;
  };
}
