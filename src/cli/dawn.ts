import { create, globals } from 'webgpu';

/** Turns a toggle of Dawn's off that makes SwiftShader take seconds to compile a shader with 16 KiB of workgroup memory. */
const TOGGLES = ['disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension'];

/** Milliseconds between two looks at whether the GPU is done. */
const POLL_MS = 1;

const KEEP = Symbol.for('ropewalk.dawn');

/**
 * Dawn, Chrome's WebGPU, for Node: what `navigator.gpu` is in a page. One per process, and the GPU constants
 * (`GPUBufferUsage` …) become globals as they are in a page.
 * @param backend 'null' validates every call and shader without a GPU; otherwise the platform's own.
 */
export function openDawn(backend?: 'null'): GPU {
  const kept = globalThis as { [KEEP]?: GPU };
  if (!kept[KEEP]) {
    const chosen = backend ?? (process.platform === 'linux' ? 'vulkan' : undefined);
    Object.assign(globalThis, globals);
    pollPatiently();
    // Dawn crashes the process when this object is garbage-collected, so it lives as long as the process.
    kept[KEEP] = create(chosen ? [`backend=${chosen}`, ...TOGGLES] : TOGGLES);
  }
  return kept[KEEP];
}

/**
 * While a buffer is being mapped, Dawn for Node asks after it on every turn of the event loop through the global `setImmediate`: a core
 * spins. Where the adapter is the CPU itself that is a core less for the kernels (half of two), so it asks once a millisecond instead.
 */
function pollPatiently(): void {
  const patient = (callback: (...values: unknown[]) => void, ...values: unknown[]) => setTimeout(callback, POLL_MS, ...values);
  globalThis.setImmediate = patient as unknown as typeof setImmediate;
}
