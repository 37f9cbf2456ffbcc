import { type Gpu, withErrorScopes } from '../gpu/device';
import type { PipelineCache } from '../gpu/pipelines';
import { mapForReading } from '../gpu/readback';
import { decodeValues } from '../kernels/half';
import { type ArenaSlot, type BufferSource, Executable, mergeSlots, type Program } from '../kernels/program';
import { byteOffset, type Purpose, type Storage, type Tensor, tensorBytes } from '../kernels/tensor';

/** Bytes by purpose of everything a set of programs holds on the device, before any of it exists. */
export interface MemoryPlan {
  bytes: Partial<Record<Purpose | 'uniforms', number>>;
  totalBytes: number;
  /** Of any one binding; a buffer may be larger and bound in windows. */
  largestBindingBytes: number;
  largestBufferBytes: number;
}

/**
 * Persistent storages once, arena slots sized to the largest of the programs, one uniform buffer per program, and staging.
 * @param parentPrograms programs of an engine whose persistent storages are shared, and counted there.
 */
export function planMemory(
  programs: readonly Program[],
  stagingBytes: number,
  parentPrograms: readonly Program[] = [],
): MemoryPlan {
  const bytes: MemoryPlan['bytes'] = {};
  let largestBufferBytes = 0;
  const add = (purpose: Purpose | 'uniforms', size: number) => {
    bytes[purpose] = (bytes[purpose] ?? 0) + size;
  };
  const shared = persistentStorages(parentPrograms);
  for (const storage of persistentStorages(programs)) {
    if (shared.has(storage)) continue;
    add(storage.purpose, storage.bytes);
    largestBufferBytes = Math.max(largestBufferBytes, storage.bytes);
  }
  for (const slot of mergeSlots(programs)) {
    add(slot.purpose, slot.bytes);
    largestBufferBytes = Math.max(largestBufferBytes, slot.bytes);
  }
  for (const program of programs) add('uniforms', program.uniformBytes);
  if (stagingBytes) add('staging', stagingBytes);
  const totalBytes = Object.values(bytes).reduce((sum, size) => sum + size, 0);
  const bindings = programs.flatMap(({ dispatches }) => dispatches.flatMap(({ tensors }) => Object.values(tensors)));
  const largestBindingBytes = bindings.reduce((largest, tensor) => Math.max(largest, tensorBytes(tensor)), 0);
  return { bytes, totalBytes, largestBindingBytes, largestBufferBytes };
}

function persistentStorages(programs: readonly Program[]): Set<Storage> {
  return new Set(programs.flatMap((program) => [...program.persistentStorages()]));
}

/**
 * The buffers behind a set of programs. Everything is allocated here, once, inside error scopes; running the programs creates nothing.
 * Programs run one at a time: they share the arena.
 */
export class Engine implements BufferSource {
  private readonly buffers = new Map<Storage, GPUBuffer>();
  private readonly executables = new Map<Program, Executable>();
  private readonly arena: GPUBuffer[] = [];

  private constructor(
    readonly gpu: Gpu,
    readonly programs: readonly Program[],
    private readonly parent?: Engine,
  ) {}

  /**
   * @param parent an engine whose persistent buffers the programs use where it has them. It must outlive this one, which never frees them.
   * @throws OutOfMemoryError with nothing left allocated.
   */
  static async create(
    gpu: Gpu,
    pipelines: PipelineCache,
    programs: readonly Program[],
    onProgress?: CompileProgress,
    parent?: Engine,
  ): Promise<Engine> {
    const engine = new Engine(gpu, programs, parent);
    try {
      await withErrorScopes(gpu.device, 'allocate buffers', () => engine.allocate());
      await withErrorScopes(gpu.device, 'bind programs', () => engine.bind(pipelines, onProgress));
    } catch (error) {
      engine.destroy();
      throw error;
    }
    return engine;
  }

  executable(program: Program): Executable {
    return this.executables.get(program)!;
  }

  bufferOf(storage: Storage): GPUBuffer {
    return this.find(storage)!;
  }

  arenaBuffer(slot: number): GPUBuffer {
    return this.arena[slot];
  }

  /** Whether there is a buffer for this persistent tensor. */
  holds(tensor: Tensor): boolean {
    return this.find(tensor.storage) !== undefined;
  }

  /** The buffer behind a tensor; one in the arena is found through the program that holds it. */
  sourceOf(tensor: Tensor, program?: Program): GPUBuffer {
    const slot = program?.slotIndex(tensor.storage);
    return slot === undefined ? this.bufferOf(tensor.storage) : this.arena[slot];
  }

  /** Uploads values to the front of a persistent tensor. */
  write(tensor: Tensor, values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): void {
    this.gpu.device.queue.writeBuffer(this.bufferOf(tensor.storage), byteOffset(tensor), values);
  }

  /** Copies tensors out; arena tensors are found through the program that holds them. For checkpoints and probes, not the step. */
  async read(tensors: readonly Tensor[], program?: Program): Promise<Float32Array<ArrayBuffer>[]> {
    const { device } = this.gpu;
    const staging: GPUBuffer[] = [];
    try {
      await withErrorScopes(device, 'read back', () => {
        const encoder = device.createCommandEncoder({ label: 'read' });
        for (const tensor of tensors) {
          const size = tensorBytes(tensor);
          const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
          const buffer = device.createBuffer({ label: `read.${tensor.storage.name}`, size, usage });
          staging.push(buffer);
          encoder.copyBufferToBuffer(this.sourceOf(tensor, program), byteOffset(tensor), buffer, 0, size);
        }
        device.queue.submit([encoder.finish()]);
      });
      return await Promise.all(
        tensors.map(async (tensor, i) => {
          await mapForReading(staging[i], 'read tensors');
          return decodeValues(tensor, staging[i].getMappedRange());
        }),
      );
    } finally {
      for (const buffer of staging) buffer.destroy();
    }
  }

  /** Runs one program alone, start to end, in as many submits as its pace asks for. */
  run(program: Program): void {
    for (const submit of program.submits) {
      const encoder = this.gpu.device.createCommandEncoder({ label: program.name });
      const pass = encoder.beginComputePass({ label: program.name });
      this.executable(program).encode(pass, submit);
      pass.end();
      this.gpu.device.queue.submit([encoder.finish()]);
    }
  }

  destroy(): void {
    for (const buffer of [...this.buffers.values(), ...this.arena]) buffer.destroy();
    for (const executable of this.executables.values()) executable.destroy();
    this.buffers.clear();
    this.executables.clear();
    this.arena.length = 0;
  }

  private find(storage: Storage): GPUBuffer | undefined {
    return this.buffers.get(storage) ?? this.parent?.find(storage);
  }

  private allocate(): void {
    const create = (label: string, { bytes }: Pick<ArenaSlot, 'bytes'>) =>
      this.gpu.device.createBuffer({
        label,
        size: bytes,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
      });
    for (const storage of persistentStorages(this.programs))
      if (!this.parent?.find(storage)) this.buffers.set(storage, create(storage.name, storage));
    mergeSlots(this.programs).forEach((slot, i) => {
      this.arena.push(create(`arena.${i}`, slot));
    });
  }

  private async bind(pipelines: PipelineCache, onProgress?: CompileProgress): Promise<void> {
    const kernels = new Map(
      this.programs.flatMap((program) => program.dispatches).map((d) => [JSON.stringify([d.shader, d.constants]), d]),
    );
    let done = 0;
    onProgress?.(done, kernels.size);
    await Promise.all(
      [...kernels.values()].map(async ({ shader, constants }) => {
        await pipelines.get(shader, constants);
        onProgress?.(++done, kernels.size);
      }),
    );
    for (const program of this.programs)
      this.executables.set(program, await Executable.create(this.gpu.device, pipelines, program, this));
  }
}

/** Called as kernels are compiled. */
export type CompileProgress = (done: number, total: number) => void;
