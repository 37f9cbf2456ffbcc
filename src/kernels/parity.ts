/**
 * Holds a kernel against its oracle: runs dispatches on real buffers and compares the result with float64 values. Parity tests and
 * the tuner share it, so it knows no test framework.
 */
import { LabError } from '../core/errors';
import { Rng } from '../core/rng';
import { assertHealthy, type Gpu, withErrorScopes } from '../gpu/device';
import { PipelineCache } from '../gpu/pipelines';
import type { Dispatch } from './dispatch';
import { decodeValues } from './half';
import { type BufferSource, Executable, Program } from './program';
import { byteOffset, type Storage, type Tensor, tensorBytes } from './tensor';

/** Allowed error of element i: `absolute + relative * |expected[i]|`. */
export interface Tolerance {
  relative: number;
  absolute: number;
}

/** How far `actual` strays from `expected`, at its worst element by share of tolerance. */
export interface Comparison {
  /** Flat index of the worst element. */
  worstIndex: number;
  actual: number;
  expected: number;
  maxAbsoluteError: number;
  maxRelativeError: number;
  /** Largest error over allowed error; above 1 fails. Infinite for a value that is not finite. */
  toleranceShare: number;
}

export class ParityError extends LabError {
  override name = 'ParityError';
}

/** Tolerance for float32 sums of `terms` terms: rounding errors add up like a random walk. */
export function sumTolerance(terms: number): Tolerance {
  const relative = Math.max(1e-4, 5e-6 * Math.sqrt(terms));
  return { relative, absolute: relative / 10 };
}

export function compare(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Tolerance): Comparison {
  if (actual.length !== expected.length)
    throw new ParityError('compare', `${expected.length} elements`, actual.length, 'read back the whole tensor');
  const worst: Comparison = {
    worstIndex: 0,
    actual: actual[0],
    expected: expected[0],
    maxAbsoluteError: 0,
    maxRelativeError: 0,
    toleranceShare: 0,
  };
  for (let i = 0; i < expected.length; i++) {
    const size = Math.abs(expected[i]);
    const error = Number.isFinite(actual[i]) ? Math.abs(actual[i] - expected[i]) : Number.POSITIVE_INFINITY;
    const share = error / (tolerance.absolute + tolerance.relative * size);
    worst.maxAbsoluteError = Math.max(worst.maxAbsoluteError, error);
    if (size > tolerance.absolute) worst.maxRelativeError = Math.max(worst.maxRelativeError, error / size);
    if (share > worst.toleranceShare)
      Object.assign(worst, { worstIndex: i, actual: actual[i], expected: expected[i], toleranceShare: share });
  }
  return worst;
}

/** Throws a ParityError that names the worst element, both values and the share of tolerance used. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
  what = 'result',
): Comparison {
  const worst = compare(actual, expected, tolerance);
  if (worst.toleranceShare > 1)
    throw new ParityError(
      what,
      `${worst.expected} at element ${worst.worstIndex} of ${expected.length}, within ${tolerance.absolute} + ${tolerance.relative} relative`,
      `${worst.actual} (max absolute error ${worst.maxAbsoluteError.toExponential(2)}, max relative error ` +
        `${worst.maxRelativeError.toExponential(2)}, ${worst.toleranceShare.toPrecision(3)} of the tolerance)`,
      'compare the kernel with its oracle at that element',
    );
  return worst;
}

/** `count` normal values of the stream `name`, the same on every machine. */
export function normalValues(name: string, count: number, scale = 1): Float32Array<ArrayBuffer> {
  const rng = Rng.of(0, name);
  return Float32Array.from({ length: count }, () => scale * rng.normal());
}

/** Contents for a tensor before the first dispatch; a tensor that is given none starts at zero. */
export type TensorInput = readonly [Tensor, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>];

/** One pipeline cache per device, so that a suite compiles each kernel once. */
const caches = new WeakMap<GPUDevice, PipelineCache>();

/**
 * Runs the dispatches once, in order, inside error scopes, and reads the outputs back as float32.
 * Every storage gets a buffer of its own: unlike in a plan, an upload stays until it is read, whatever its lifetime.
 */
export function runDispatches(
  gpu: Gpu,
  dispatches: readonly Dispatch[],
  inputs: readonly TensorInput[],
  outputs: readonly Tensor[],
  pipelines = pipelinesOf(gpu.device),
): Promise<Float32Array<ArrayBuffer>[]> {
  const { device } = gpu;
  return withErrorScopes(device, dispatches.map(({ label }) => label).join(', '), async () => {
    const buffers = new ParityBuffers(device, dispatches);
    try {
      for (const [tensor, values] of inputs) device.queue.writeBuffer(buffers.of(tensor), byteOffset(tensor), values);
      const executable = await Executable.create(device, pipelines, buffers.program, buffers);
      const encoder = device.createCommandEncoder({ label: 'parity' });
      const pass = encoder.beginComputePass({ label: 'parity' });
      executable.encode(pass);
      pass.end();
      const staging = outputs.map((tensor) => {
        const size = tensorBytes(tensor);
        const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
        const buffer = device.createBuffer({ label: 'parity.staging', size, usage });
        encoder.copyBufferToBuffer(buffers.of(tensor), byteOffset(tensor), buffer, 0, size);
        return buffer;
      });
      device.queue.submit([encoder.finish()]);
      const results = await Promise.all(staging.map((buffer, i) => readAndDestroy(buffer, outputs[i])));
      executable.destroy();
      assertHealthy(gpu);
      return results;
    } finally {
      buffers.destroy();
    }
  });
}

/** One buffer per storage. */
class ParityBuffers implements BufferSource {
  readonly program: Program;
  private readonly buffers = new Map<Storage | number, GPUBuffer>();

  constructor(device: GPUDevice, dispatches: readonly Dispatch[]) {
    const tensors = dispatches.flatMap((dispatch) => Object.values(dispatch.tensors));
    // A program never lets outputs share a slot, so declaring every tensor one keeps all storages apart.
    this.program = new Program('parity', dispatches, tensors);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    for (const { storage } of tensors)
      if (!this.buffers.has(this.key(storage)))
        this.buffers.set(this.key(storage), device.createBuffer({ label: storage.name, size: storage.bytes, usage }));
  }

  of({ storage }: Tensor): GPUBuffer {
    return this.find(this.key(storage), storage.name);
  }

  bufferOf(storage: Storage): GPUBuffer {
    return this.find(storage, storage.name);
  }

  arenaBuffer(slot: number): GPUBuffer {
    return this.find(slot, `slot ${slot}`);
  }

  destroy(): void {
    for (const buffer of this.buffers.values()) buffer.destroy();
  }

  private key(storage: Storage): Storage | number {
    return this.program.slotIndex(storage) ?? storage;
  }

  private find(key: Storage | number, name: string): GPUBuffer {
    const buffer = this.buffers.get(key);
    if (!buffer) throw new ParityError('parity buffers', 'a tensor that the dispatches bind', name, 'upload and read only those');
    return buffer;
  }
}

function pipelinesOf(device: GPUDevice): PipelineCache {
  let pipelines = caches.get(device);
  if (!pipelines) {
    pipelines = new PipelineCache(device);
    caches.set(device, pipelines);
  }
  return pipelines;
}

async function readAndDestroy(buffer: GPUBuffer, tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
  await buffer.mapAsync(1 /* GPUMapMode.READ */);
  const values = decodeValues(tensor, buffer.getMappedRange());
  buffer.destroy();
  return values;
}
