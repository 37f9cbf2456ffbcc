import { KernelCompileError } from '../gpu/errors';
import { type ParameterField, type PipelineCache, packParams } from '../gpu/pipelines';
import type { Dispatch } from './dispatch';
import { type Pace, paced, type Submit, UNPACED } from './pace';
import { byteOffset, type Purpose, type Storage, type Tensor, tensorBytes } from './tensor';

/** A storage's place in the arena: which slot, and when it is alive. */
interface Tenancy {
  storage: Storage;
  first: number;
  last: number;
}

/** Arena slots by size; a slot holds one storage at a time, so read-only and writable bindings never share a buffer. */
export interface ArenaSlot {
  bytes: number;
  purpose: Purpose;
}

const UNIFORM_ALIGNMENT = 256;

/**
 * A static list of dispatches with everything about it known before anything is allocated: bytes by purpose, FLOPs, slots.
 * Storages that are not persistent live from the first dispatch that touches them to the last, and share slots by that.
 */
export class Program {
  /** With long calls cut as the pace asks. */
  readonly dispatches: readonly Dispatch[];
  readonly submits: readonly Submit[];
  readonly slots: ArenaSlot[] = [];
  private readonly slotOf = new Map<Storage, number>();

  /** @param outputs tensors that must outlive the last dispatch because the host reads them. */
  constructor(
    readonly name: string,
    dispatches: readonly Dispatch[],
    outputs: readonly Tensor[] = [],
    readonly pace: Pace = UNPACED,
  ) {
    ({ dispatches: this.dispatches, submits: this.submits } = paced(dispatches, pace));
    this.placeStorages(new Set(outputs.map((tensor) => tensor.storage)));
  }

  get flops(): number {
    return this.dispatches.reduce((sum, dispatch) => sum + dispatch.flops, 0);
  }

  get bytesMoved(): number {
    return this.dispatches.reduce((sum, dispatch) => sum + dispatch.bytes, 0);
  }

  /** Bytes of the uniform buffer: one aligned slot per dispatch. */
  get uniformBytes(): number {
    return this.dispatches.length * UNIFORM_ALIGNMENT;
  }

  /** Persistent storages the program touches, which its owner must bind. */
  persistentStorages(): Set<Storage> {
    const found = new Set<Storage>();
    for (const { tensors } of this.dispatches)
      for (const { storage } of Object.values(tensors)) if (storage.persistent) found.add(storage);
    return found;
  }

  slotIndex(storage: Storage): number | undefined {
    return this.slotOf.get(storage);
  }

  private placeStorages(outputs: ReadonlySet<Storage>): void {
    const tenancies = new Map<Storage, Tenancy>();
    this.dispatches.forEach((dispatch, at) => {
      for (const { storage } of Object.values(dispatch.tensors)) {
        if (storage.persistent) continue;
        const tenancy = tenancies.get(storage);
        if (tenancy) tenancy.last = at;
        else tenancies.set(storage, { storage, first: at, last: at });
      }
    });
    for (const tenancy of tenancies.values()) if (outputs.has(tenancy.storage)) tenancy.last = Number.POSITIVE_INFINITY;
    // Largest first, each into the tightest slot that is free for its whole life: near the peak of live bytes in practice.
    const placed: Tenancy[][] = [];
    for (const tenancy of [...tenancies.values()].sort((a, b) => b.storage.bytes - a.storage.bytes || a.first - b.first)) {
      const free = (slot: number) => placed[slot].every((other) => other.last < tenancy.first || other.first > tenancy.last);
      let slot = this.slots.length - 1;
      while (slot >= 0 && !free(slot)) slot--;
      if (slot < 0) {
        slot = this.slots.length;
        this.slots.push({ bytes: tenancy.storage.bytes, purpose: tenancy.storage.purpose });
        placed.push([]);
      }
      placed[slot].push(tenancy);
      this.slotOf.set(tenancy.storage, slot);
    }
  }
}

/** Slot sizes that fit every one of the programs, which run one at a time: the n-th largest slot of each shares a buffer. */
export function mergeSlots(programs: readonly Program[]): ArenaSlot[] {
  const merged: ArenaSlot[] = [];
  for (const { slots } of programs)
    slots.forEach((slot, i) => {
      if (!merged[i] || merged[i].bytes < slot.bytes) merged[i] = slot;
    });
  return merged;
}

/** Resolves symbolic storage to real buffers. */
export interface BufferSource {
  bufferOf(storage: Storage): GPUBuffer;
  arenaBuffer(slot: number): GPUBuffer;
}

interface Call {
  dispatch: Dispatch;
  params: readonly ParameterField[];
  pipeline: GPUComputePipeline;
  group: GPUBindGroup;
}

/** A program whose pipelines, bind groups and uniforms exist: replaying it creates nothing. */
export class Executable {
  /** Parameters as last written, per dispatch. */
  private readonly current: Record<string, number>[];

  private constructor(
    readonly program: Program,
    private readonly uniforms: GPUBuffer,
    private readonly calls: readonly Call[],
    private readonly queue: GPUQueue,
  ) {
    this.current = calls.map(({ dispatch }) => ({ ...dispatch.params }));
  }

  /** Compiles what is new (all at once) and binds buffers. */
  static async create(device: GPUDevice, pipelines: PipelineCache, program: Program, buffers: BufferSource): Promise<Executable> {
    const compiled = await Promise.all(program.dispatches.map(({ shader, constants }) => pipelines.get(shader, constants)));
    const uniforms = device.createBuffer({
      label: `${program.name}.params`,
      size: Math.max(UNIFORM_ALIGNMENT, program.uniformBytes),
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    const bytes = new Uint8Array(Math.max(UNIFORM_ALIGNMENT, program.uniformBytes));
    const calls = program.dispatches.map((dispatch, i) => {
      const { bindings, params } = compiled[i];
      bytes.set(packParams(dispatch.label, params, dispatch.params), i * UNIFORM_ALIGNMENT);
      const named = bindings.filter((binding) => binding.name !== 'params').map((binding) => binding.name);
      const given = Object.keys(dispatch.tensors);
      if (named.length !== given.length || named.some((name) => !dispatch.tensors[name]))
        throw new KernelCompileError(
          dispatch.label,
          `tensors ${named.join(', ')}`,
          given.join(', '),
          'make the kernel module and the shader agree',
        );
      const group = device.createBindGroup({
        label: dispatch.label,
        layout: compiled[i].layout,
        entries: bindings.map(({ name, index }) => ({
          binding: index,
          resource:
            name === 'params'
              ? { buffer: uniforms, offset: i * UNIFORM_ALIGNMENT, size: Math.max(16, params.length * 4) }
              : bindingOf(dispatch.tensors[name], program, buffers),
        })),
      });
      return { dispatch, params, pipeline: compiled[i].pipeline, group };
    });
    device.queue.writeBuffer(uniforms, 0, bytes);
    return new Executable(program, uniforms, calls, device.queue);
  }

  /** Rewrites parameters wherever the program has them: values that move between replays (learning rate, position in a KV cache). */
  setParams(values: Readonly<Record<string, number>>): void {
    this.calls.forEach(({ dispatch, params }, i) => {
      const own = Object.entries(values).filter(([name]) => dispatch.params[name] !== undefined);
      if (!own.length) return;
      const packed = packParams(dispatch.label, params, Object.assign(this.current[i], Object.fromEntries(own)));
      this.queue.writeBuffer(this.uniforms, i * UNIFORM_ALIGNMENT, packed);
    });
  }

  /** Records the dispatches [first, end) into a compute pass; default all. */
  encode(
    pass: GPUComputePassEncoder,
    { first, end }: Pick<Submit, 'first' | 'end'> = { first: 0, end: this.calls.length },
  ): void {
    let current: GPUComputePipeline | undefined;
    for (const { dispatch, pipeline, group } of this.calls.slice(first, end)) {
      if (pipeline !== current) pass.setPipeline(pipeline);
      current = pipeline;
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...dispatch.workgroups);
    }
  }

  destroy(): void {
    this.uniforms.destroy();
  }
}

function bindingOf(tensor: Tensor, program: Program, buffers: BufferSource): GPUBufferBinding {
  const slot = program.slotIndex(tensor.storage);
  return {
    buffer: slot === undefined ? buffers.bufferOf(tensor.storage) : buffers.arenaBuffer(slot),
    offset: byteOffset(tensor),
    size: tensorBytes(tensor),
  };
}
