import { createPassClock } from '../../gpu/profiler';
import type { Program } from '../../kernels/program';
import type { Engine } from '../../model/engine';

/** Time of one operation over a program, of its calls, one after the other. */
export interface KernelTime {
  /** The dispatch label's part before the shape: `matmul_nt.o_proj`. */
  kernel: string;
  calls: number;
  ms: number;
  flops: number;
  bytes: number;
  gflopsPerSecond: number;
  gigabytesPerSecond: number;
}

/**
 * Times every dispatch of a program alone, median of `repeats`, by the GPU's own clock where it has one, else by wall clock round the queue.
 * The buffers hold whatever the last run left.
 */
export async function profileProgram(engine: Engine, program: Program, repeats = 3): Promise<KernelTime[]> {
  const clock = createPassClock(engine.gpu.device);
  const executable = engine.executable(program);
  const byKernel = new Map<string, { calls: number; ms: number; flops: number; bytes: number }>();
  for (const [i, dispatch] of program.dispatches.entries()) {
    const times: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const record = (pass: GPUComputePassEncoder) => executable.encode(pass, { first: i, end: i + 1 });
      times.push(await clock.measure(dispatch.label, record));
    }
    const name = dispatch.label.slice(0, dispatch.label.indexOf('['));
    const entry = byKernel.get(name) ?? { calls: 0, ms: 0, flops: 0, bytes: 0 };
    byKernel.set(name, {
      calls: entry.calls + 1,
      ms: entry.ms + times.sort((a, b) => a - b)[Math.floor(repeats / 2)],
      flops: entry.flops + dispatch.flops,
      bytes: entry.bytes + dispatch.bytes,
    });
  }
  clock.destroy();
  return [...byKernel]
    .map(([kernel, { calls, ms, flops, bytes }]) => ({
      kernel,
      calls,
      ms,
      flops,
      bytes,
      gflopsPerSecond: flops / ms / 1e6,
      gigabytesPerSecond: bytes / ms / 1e6,
    }))
    .sort((a, b) => b.ms - a.ms);
}
