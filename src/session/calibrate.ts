import type { Gpu } from '../gpu/device';
import type { PipelineCache } from '../gpu/pipelines';
import { matmulNt, matmulNtFamily } from '../kernels/matmul';
import { Program } from '../kernels/program';
import { createTensor } from '../kernels/tensor';
import { Engine } from '../model/engine';

/** Long enough to drown the queue's latency, short enough not to be noticed. */
const ENOUGH_MS = 30;

/** Sustained FLOP/s of a training-sized matmul, measured in well under a second: what a first ETA rests on. */
export async function measureFlopsPerSecond(gpu: Gpu, pipelines: PipelineCache): Promise<number> {
  const size = gpu.facts.isSoftware ? 128 : 512;
  const tensor = (name: string) => createTensor(name, [size, size], 'working set');
  const variants = { [matmulNtFamily.operation]: matmulNtFamily.preferred(gpu.facts) };
  const dispatch = matmulNt({ role: 'calibration', a: tensor('a'), b: tensor('b'), c: tensor('c') }, variants);
  const program = new Program('calibration', [dispatch]);
  const engine = await Engine.create(gpu, pipelines, [program]);
  try {
    await time(engine, program, 1);
    for (let repeats = 1; ; repeats *= 4) {
      const ms = await time(engine, program, repeats);
      if (ms > ENOUGH_MS || repeats > 4096) return (program.flops * repeats) / (ms / 1000);
    }
  } finally {
    engine.destroy();
  }
}

async function time(engine: Engine, program: Program, repeats: number): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < repeats; i++) engine.run(program);
  await engine.gpu.device.queue.onSubmittedWorkDone();
  return performance.now() - started;
}
