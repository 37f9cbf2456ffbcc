import { LabError } from '../core/errors';

/** No adapter, or an adapter that lacks what the lab needs. */
export class UnsupportedDeviceError extends LabError {
  override name = 'UnsupportedDeviceError';
}

/** A shader that does not compile, or whose declared bindings do not match what a kernel module binds. */
export class KernelCompileError extends LabError {
  override name = 'KernelCompileError';
}

/** The browser or driver took the device away; every buffer on it is gone. */
export class DeviceLostError extends LabError {
  override name = 'DeviceLostError';
}

/** The adapter refused an allocation. */
export class OutOfMemoryError extends LabError {
  override name = 'OutOfMemoryError';
}

/** WebGPU's own validation refused a call: always a defect of the lab, never of the user's input. */
export class GpuValidationError extends LabError {
  override name = 'GpuValidationError';
}
