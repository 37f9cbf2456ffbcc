import type { Gpu } from '../../gpu/device';
import { PipelineCache, pipelineKey } from '../../gpu/pipelines';
import type { Program } from '../../kernels/program';

/** What the kernels of a set of programs take to compile. */
export interface CompileTimes {
  /** One after the other, the slowest first. */
  pipelines: { pipeline: string; ms: number }[];
  /** All asked for at once, as a run does. */
  togetherMs: number;
}

/** Compiles every kernel alone, then all at once. Dawn keeps what it has compiled, so the second figure is that of a warm start where it does. */
export async function measureCompileTimes(gpu: Gpu, programs: readonly Program[]): Promise<CompileTimes> {
  const kernels = new Map(
    programs.flatMap(({ dispatches }) =>
      dispatches.map(({ shader, constants }) => [pipelineKey(shader, constants), { shader, constants }]),
    ),
  );
  const clock = async (work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    return performance.now() - started;
  };
  const pipelines: CompileTimes['pipelines'] = [];
  const alone = new PipelineCache(gpu.device);
  for (const [pipeline, { shader, constants }] of kernels)
    pipelines.push({ pipeline, ms: await clock(() => alone.get(shader, constants)) });
  const together = new PipelineCache(gpu.device);
  const togetherMs = await clock(() =>
    Promise.all([...kernels.values()].map(({ shader, constants }) => together.get(shader, constants))),
  );
  return { pipelines: pipelines.sort((a, b) => b.ms - a.ms), togetherMs };
}
