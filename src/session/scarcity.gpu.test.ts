import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { LabEvent } from './api';
import { countGpuCalls } from './bench/gpuCounters';
import { LabSession } from './labSession';
import { tinyRecipe } from './testing/tinyRecipe';

/** WebGPU tells of an allocation that failed through an error scope, by a class of this name. */
class GPUOutOfMemoryError {
  readonly message = 'injected';
}

const events: LabEvent[] = [];
let device: GPUDevice;
const session = new LabSession({
  gpu: {
    requestAdapter: async () => {
      const own = (await navigator.gpu.requestAdapter())!;
      const requestDevice = own.requestDevice.bind(own);
      own.requestDevice = async (descriptor) => {
        device = await requestDevice(descriptor);
        return device;
      };
      return own;
    },
  } as GPU,
  createAssets: () => ({ read: async (path) => new Uint8Array(await readFile(`public/${path}`)) }),
});
await session.open('', (event) => events.push(event));
const counters = countGpuCalls(device!);

/** Lets `count` more buffers be created; the next fails as WebGPU fails. Returns how many were asked for since. */
function failAllocation(count: number): () => number {
  const create = device.createBuffer.bind(device);
  const pop = device.popErrorScope.bind(device);
  let created = 0;
  let failed = false;
  const scopes: GPUErrorFilter[] = [];
  const push = device.pushErrorScope.bind(device);
  device.createBuffer = (descriptor) => {
    failed ||= created++ === count;
    return create(descriptor);
  };
  device.pushErrorScope = (filter) => {
    scopes.push(filter);
    push(filter);
  };
  device.popErrorScope = async () => {
    const filter = scopes.pop();
    const error = await pop();
    if (filter !== 'out-of-memory' || !failed) return error;
    failed = false;
    return new GPUOutOfMemoryError() as GPUError;
  };
  return () => created;
}

function succeedAgain(): void {
  for (const method of ['createBuffer', 'pushErrorScope', 'popErrorScope'] as const)
    delete (device as unknown as Record<string, unknown>)[method];
}

afterEach(succeedAgain);

/** The first step of a new run, with its probes and its checkpoint. */
async function firstStep(): Promise<void> {
  await session.create(tinyRecipe);
  await session.step();
  await session.pause();
}

/** The newest run as its last event has it. */
const newest = () => events.filter((event) => event.type === 'run').at(-1)!.run;

describe('out of memory', () => {
  it('at any allocation of a plan ends in one clear sentence, frees what there was, and leaves a lab that works', async () => {
    await firstStep();
    // Putting the run before aside reads it back, which must not be what fails.
    await session.create(tinyRecipe);
    const idle = counters.liveBytes;
    const allocations = failAllocation(Number.POSITIVE_INFINITY);
    await session.step();
    const total = allocations();
    succeedAgain();
    expect(total).toBeGreaterThan(20);
    for (let n = 0; n < total; n++) {
      await session.create(tinyRecipe);
      expect(counters.liveBytes).toBe(idle);
      failAllocation(n);
      await expect(session.step(), `allocation ${n} of ${total}`).rejects.toThrow(
        /expected enough GPU memory, got injected; use a smaller model, shorter sequences or smaller micro-batches/,
      );
      succeedAgain();
      expect(newest()).toMatchObject({ status: 'failed', reason: expect.stringContaining('GPU memory') });
    }
    await session.create(tinyRecipe);
    expect(counters.liveBytes).toBe(idle);
    await session.step();
    expect(newest().status).toBe('paused');
  });
});
