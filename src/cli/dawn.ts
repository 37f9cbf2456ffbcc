import { create, globals } from 'webgpu';

/** Turns a toggle of Dawn's off that makes SwiftShader take seconds to compile a shader with 16 KiB of workgroup memory. */
const TOGGLES = ['disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension'];

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
    // Dawn crashes the process when this object is garbage-collected, so it lives as long as the process.
    kept[KEEP] = create(chosen ? [`backend=${chosen}`, ...TOGGLES] : TOGGLES);
  }
  return kept[KEEP];
}
