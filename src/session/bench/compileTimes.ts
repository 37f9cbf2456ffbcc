import type { Gpu } from '../../gpu/device';
import { PipelineCache, pipelineKey } from '../../gpu/pipelines';
import type { Program } from '../../kernels/program';

export interface CompileTime {
  pipeline: string;
  ms: number;
}

/**
 * What each kernel of some programs takes to compile, one after the other, the slowest first. Dawn keeps what a device has compiled, so ask
 * before anything else does.
 */
export async function measureCompileTimes(gpu: Gpu, programs: readonly Program[]): Promise<CompileTime[]> {
  const pipelines = new PipelineCache(gpu.device);
  const times = new Map<string, number>();
  for (const { shader, constants } of programs.flatMap(({ dispatches }) => dispatches)) {
    const key = pipelineKey(shader, constants);
    if (times.has(key)) continue;
    const started = performance.now();
    await pipelines.get(shader, constants);
    times.set(key, performance.now() - started);
  }
  return [...times].map(([pipeline, ms]) => ({ pipeline, ms })).sort((a, b) => b.ms - a.ms);
}
