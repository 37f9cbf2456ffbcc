import { LabError } from '../../core/errors';
import type { AdapterPeak } from '../../core/profile';
import type { Gpu } from '../../gpu/device';
import { oncePerDevice } from '../../gpu/oncePerDevice';
import type { PipelineCache } from '../../gpu/pipelines';
import { FMA_CHAINS, FMA_FIXED_POINT, fmaPeak } from '../../kernels/fmaPeak';
import { Program } from '../../kernels/program';
import { createTensor } from '../../kernels/tensor';
import { Engine } from '../../model/engine';

/** Long enough that the queue's latency is small change. */
const ENOUGH_MS = 60;

const REPEATS = 8;

/** The adapter's roofs. */
export const measureAdapterPeak = oncePerDevice(
  async (gpu: Gpu, pipelines: PipelineCache): Promise<AdapterPeak> => ({
    fmaGflopsPerSecond: await measureFma(gpu, pipelines),
    copyGigabytesPerSecond: await measureCopy(gpu),
  }),
);

async function measureFma(gpu: Gpu, pipelines: PipelineCache): Promise<number> {
  const threads = gpu.facts.isSoftware ? 2 ** 12 : 2 ** 18;
  for (let iterations = 1024; ; iterations *= 4) {
    const y = createTensor('y', [threads, 4], 'working set');
    const program = new Program('fma peak', [fmaPeak(y, iterations)], [y]);
    const engine = await Engine.create(gpu, pipelines, [program]);
    try {
      const ms = await bestMs(gpu, () => engine.run(program));
      if (ms < ENOUGH_MS && iterations < 2 ** 24) continue;
      const [values] = await engine.read([y], program);
      const expected = FMA_CHAINS * FMA_FIXED_POINT;
      const wrong = values.find((value) => value !== expected);
      if (wrong !== undefined)
        throw new LabError('fma_peak', String(expected), wrong, 'the multiply-adds were not run; report this adapter');
      return program.flops / ms / 1e6;
    } finally {
      engine.destroy();
    }
  }
}

async function measureCopy({ device }: Gpu): Promise<number> {
  const size = 2 ** 27;
  const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const [from, to] = ['from', 'to'].map((name) => device.createBuffer({ label: `copy.${name}`, size, usage }));
  const times = 8;
  const ms = await bestMs({ device }, () => {
    const encoder = device.createCommandEncoder({ label: 'copy' });
    for (let i = 0; i < times; i++) encoder.copyBufferToBuffer(from, 0, to, 0, size);
    device.queue.submit([encoder.finish()]);
  });
  from.destroy();
  to.destroy();
  return (2 * size * times) / ms / 1e6;
}

/** Shortest of some runs: what others do to the machine can only add. */
async function bestMs({ device }: Pick<Gpu, 'device'>, submit: () => void): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat <= REPEATS; repeat++) {
    const started = performance.now();
    submit();
    await device.queue.onSubmittedWorkDone();
    // The first run warms up.
    if (repeat > 0) best = Math.min(best, performance.now() - started);
  }
  return best;
}
