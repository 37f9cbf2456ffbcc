import { toFloat16 } from '../core/float16';
import type { Dispatch } from '../kernels/dispatch';
import { normalValues } from '../kernels/parity';
import type { BufferSource } from '../kernels/program';
import { createTensor, elementCount, type Storage, type Tensor } from '../kernels/tensor';

/** Values that are written over and over to fill a buffer. */
const BLOCK = 2 ** 16;

/**
 * Buffers for single calls taken out of their plan, shared by the call's variants: exactly the size of what is bound. Floats hold normal
 * values: zeros would time faster than any real step on adapters that save power on them.
 */
export class TimingBuffers implements BufferSource {
  private readonly buffers = new Map<string, GPUBuffer>();
  private readonly floats = normalValues('tuning', BLOCK);
  private readonly halves = Uint16Array.from(this.floats, toFloat16);

  constructor(private readonly device: GPUDevice) {}

  /** The call over storage of its own, for which there are buffers with contents. */
  adopt(dispatch: Dispatch): Dispatch {
    const own = new Map<string, Tensor>();
    const tensors = Object.entries(dispatch.tensors).map(([name, tensor]) => {
      // A kernel may bind one tensor under two names.
      const twin = Object.entries(dispatch.tensors).find(([, other]) => sameWindow(other, tensor))?.[0] ?? name;
      const adopted = own.get(twin) ?? createTensor(twin, tensor.shape, 'working set', { half: tensor.half, persistent: true });
      own.set(twin, adopted);
      this.ensure(adopted, dispatch.params);
      return [name, adopted] as const;
    });
    return { ...dispatch, tensors: Object.fromEntries(tensors) };
  }

  bufferOf(storage: Storage): GPUBuffer {
    return this.buffers.get(keyOf(storage))!;
  }

  /** Never asked: every adopted storage is persistent. */
  arenaBuffer(): GPUBuffer {
    throw new Error('timing buffers: expected persistent storage only');
  }

  destroy(): void {
    for (const buffer of this.buffers.values()) buffer.destroy();
    this.buffers.clear();
  }

  private ensure(tensor: Tensor, params: Dispatch['params']): void {
    const key = keyOf(tensor.storage);
    if (this.buffers.has(key)) return;
    const { name, bytes: size } = tensor.storage;
    const buffer = this.device.createBuffer({
      label: `tuning.${name}`,
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
    });
    this.buffers.set(key, buffer);
    // The one operand of these kernels that is not floats; zeros would be documents without tokens, and no work.
    if (name === 'doc_bounds')
      this.device.queue.writeBuffer(
        buffer,
        0,
        Uint32Array.from({ length: elementCount(tensor.shape) }, (_, i) => (i % 2 ? params.length : 0)),
      );
    else this.fill(buffer, tensor.half ? this.halves : this.floats);
  }

  private fill(buffer: GPUBuffer, block: Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>): void {
    for (let at = 0; at < buffer.size; at += block.byteLength) {
      const elements = Math.min(block.byteLength, buffer.size - at) / block.BYTES_PER_ELEMENT;
      this.device.queue.writeBuffer(buffer, at, block, 0, elements);
    }
  }
}

function keyOf({ name, bytes }: Storage): string {
  return `${name} ${bytes}`;
}

function sameWindow(a: Tensor, b: Tensor): boolean {
  return a.storage === b.storage && a.offset === b.offset && elementCount(a.shape) === elementCount(b.shape);
}
