import { afterAll, describe, expect, it } from 'vitest';
import { requestGpu } from '../../gpu/device';
import { PipelineCache } from '../../gpu/pipelines';
import { FMA_CHAINS, FMA_FIXED_POINT, fmaPeak } from '../../kernels/fmaPeak';
import { runDispatches } from '../../kernels/parity';
import { createTensor } from '../../kernels/tensor';
import { measureLength } from './bench';
import { CommonStep } from './commonStep';
import { countGpuCalls } from './gpuCounters';

const gpu = await requestGpu(navigator.gpu);
const pipelines = new PipelineCache(gpu.device);

/** Times are not asserted, so any roof will do. */
const PEAK = { fmaGflopsPerSecond: 1, copyGigabytesPerSecond: 1 };

describe('the common step', () => {
  it('keeps to its budget of calls and bytes', async () => {
    const result = await measureLength(gpu, pipelines, 64, 2, PEAK);
    expect(result.firstLoss).toBeCloseTo(Math.log(256), 0);
    expect(result.dispatches).toBeLessThanOrEqual(100);
    expect(result.submits).toBeLessThanOrEqual(2);
    expect(result.maps).toBeLessThanOrEqual(1);
    expect(result.buffersCreated).toBe(0);
    expect(result.kernels.reduce((sum, { calls }) => sum + calls, 0)).toBe(result.dispatches);
  }, 120_000);

  it('holds the bytes of its plan, at most 24 MB at 2,048 tokens and linear in length', async () => {
    const counters = countGpuCalls(gpu.device);
    const live: number[] = [];
    for (const length of [512, 1024, 2048]) {
      const before = counters.liveBytes;
      const step = await CommonStep.open(gpu, pipelines, length);
      live.push(counters.liveBytes - before);
      expect(live.at(-1)).toBe(step.plan.totalBytes);
      expect(step.train.dispatches.length + step.optimizer.dispatches.length).toBeLessThanOrEqual(100);
      step.destroy();
      expect(counters.liveBytes).toBe(before);
    }
    expect(live[2]).toBeLessThanOrEqual(24e6);
    const [first, second] = [live[1] - live[0], live[2] - live[1]];
    expect(second / first).toBeGreaterThan(1.9);
    expect(second / first).toBeLessThan(2.1);
  }, 120_000);
});

describe('fma_peak', () => {
  it('runs every multiply-add: all chains arrive at their fixed point', async () => {
    const y = createTensor('y', [65, 4], 'working set');
    const [values] = await runDispatches(gpu, [fmaPeak(y, 200)], [], [y]);
    expect(new Set(values)).toEqual(new Set([FMA_CHAINS * FMA_FIXED_POINT]));
  });
});

describe('the call counters', () => {
  it('count buffers, submits and maps, and share one set with whoever asks', async () => {
    const counters = countGpuCalls(gpu.device);
    expect(countGpuCalls(gpu.device)).toBe(counters);
    const before = { ...counters };
    const buffer = gpu.device.createBuffer({ size: 1024, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    expect(counters.liveBytes - before.liveBytes).toBe(1024);
    await buffer.mapAsync(GPUMapMode.READ);
    buffer.destroy();
    buffer.destroy();
    gpu.device.queue.submit([]);
    expect(counters.liveBytes).toBe(before.liveBytes);
    expect(counters.maps - before.maps).toBe(1);
    expect(counters.submits - before.submits).toBe(1);
  });

  afterAll(() => gpu.device.destroy());
});
