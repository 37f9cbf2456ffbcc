import { DeviceLostError, GpuValidationError, OutOfMemoryError, UnsupportedDeviceError } from './errors';

/** What the run record keeps of an adapter, as plain data. */
export interface AdapterFacts {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  /** A CPU pretending to be a GPU (SwiftShader, lavapipe, WARP): right, but about a hundred times slower. */
  isSoftware: boolean;
  features: string[];
  /** Every limit the device was granted. */
  limits: Record<string, number>;
  subgroupMinSize: number;
  subgroupMaxSize: number;
}

/** A device with the adapter's full limits, the facts about it, and its end as a promise. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly facts: AdapterFacts;
  /** Resolves when the device is lost; the lab never destroys its own. */
  readonly lost: Promise<DeviceLostError>;
  /** The first uncaptured error, if there was one; thrown by `assertHealthy`. */
  readonly health: { error: Error | undefined };
}

const WANTED_FEATURES = ['timestamp-query', 'subgroups', 'shader-f16'] as const;

/** Limits that only matter to pictures; asking for their maximum gains nothing and can cost a driver. */
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const;

/**
 * Asks for an adapter and a device with all the limits it offers.
 * @param gpu `navigator.gpu`, or what Dawn's `create()` returns in Node.
 * @throws UnsupportedDeviceError when there is no WebGPU or no adapter.
 */
export async function requestGpu(gpu: GPU | undefined): Promise<Gpu> {
  if (!gpu)
    throw new UnsupportedDeviceError(
      'WebGPU',
      'a browser with WebGPU',
      'navigator.gpu is missing',
      'use Chrome or Edge 113 or later over https',
    );
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter)
    throw new UnsupportedDeviceError(
      'WebGPU',
      'an adapter',
      'none',
      'turn on hardware acceleration in the browser settings and look at chrome://gpu for a blocked driver',
    );
  const limits: Record<string, number> = {};
  for (const name of WANTED_LIMITS) limits[name] = adapter.limits[name];
  const device = await adapter.requestDevice({
    label: 'ropewalk',
    requiredFeatures: WANTED_FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits: limits,
  });
  const health: Gpu['health'] = { error: undefined };
  device.addEventListener('uncapturederror', (event) => {
    health.error ??= typedError('WebGPU call', event.error);
  });
  const lost = device.lost.then(
    ({ message }) =>
      new DeviceLostError('GPU device', 'the device to stay', message || 'it was lost', 'continue from the last checkpoint'),
  );
  return { device, facts: adapterFacts(adapter, device), lost, health };
}

function adapterFacts(adapter: GPUAdapter, device: GPUDevice): AdapterFacts {
  const info = adapter.info as GPUAdapterInfo & {
    isFallbackAdapter?: boolean;
    subgroupMinSize?: number;
    subgroupMaxSize?: number;
  };
  const words = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  const limits: Record<string, number> = {};
  for (const name of WANTED_LIMITS) limits[name] = device.limits[name];
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    device: info.device,
    description: info.description,
    isSoftware: Boolean(info.isFallbackAdapter) || /swiftshader|llvmpipe|lavapipe|basic render/i.test(words),
    features: [...device.features].sort(),
    limits,
    subgroupMinSize: info.subgroupMinSize ?? 0,
    subgroupMaxSize: info.subgroupMaxSize ?? 0,
  };
}

/** Mesa's CPU rasteriser, whose kernels LLVM compiles. */
export function isLlvmpipe(facts: AdapterFacts): boolean {
  return /llvmpipe/i.test(facts.description);
}

/** One line that names the adapter: "google swiftshader (SwiftShader Device…)". */
export function adapterName(facts: AdapterFacts): string {
  const name = [facts.vendor, facts.architecture].filter(Boolean).join(' ');
  const detail = facts.description || facts.device;
  return detail ? `${name} (${detail})` : name || 'unknown adapter';
}

/** Throws the first error that no scope caught, so that a broken submit never passes for a result. */
export function assertHealthy(gpu: Gpu): void {
  const { error } = gpu.health;
  // Said once: a command that failed for want of memory must not fail every later one.
  gpu.health.error = undefined;
  if (error) throw error;
}

/** Runs `work` inside validation and out-of-memory scopes and throws what they caught as a typed error. */
export async function withErrorScopes<T>(device: GPUDevice, operation: string, work: () => T | Promise<T>): Promise<T> {
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  let result: T;
  let errors: (GPUError | null)[];
  try {
    result = await work();
  } finally {
    errors = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
  }
  const error = errors.find((e) => e !== null);
  if (error) throw typedError(operation, error);
  return result;
}

function typedError(operation: string, error: GPUError): Error {
  // GPUOutOfMemoryError is looked up by name because Node's Dawn does not put the class on globalThis.
  if (error.constructor.name === 'GPUOutOfMemoryError')
    return new OutOfMemoryError(
      operation,
      'enough GPU memory',
      error.message || 'none left',
      'use a smaller model, shorter sequences or smaller micro-batches',
    );
  return new GpuValidationError(
    operation,
    'a valid WebGPU call',
    error.message,
    'this is a defect of the lab; please report it with this text',
  );
}
