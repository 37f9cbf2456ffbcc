import type { AdapterPeak, KernelTime } from '../../core/profile';
import { createPassClock } from '../../gpu/profiler';
import type { Dispatch } from '../../kernels/dispatch';
import type { Program } from '../../kernels/program';
import type { Engine } from '../../model/engine';

/** The dispatch label's part before the shape: `matmul_nt.o_proj`. */
export function kernelName({ label }: Dispatch): string {
  return label.slice(0, label.indexOf('['));
}

/**
 * Milliseconds of every dispatch of a program alone, in order: the median of `repeats`, by the GPU's own clock where it has one, else by wall
 * clock round the queue. The buffers hold whatever the last run left.
 */
export async function dispatchTimes(engine: Engine, program: Program, repeats = 3): Promise<number[]> {
  const clock = createPassClock(engine.gpu.device);
  const executable = engine.executable(program);
  const times: number[] = [];
  try {
    for (const [i, { label }] of program.dispatches.entries()) {
      const record = (pass: GPUComputePassEncoder) => executable.encode(pass, { first: i, end: i + 1 });
      const own: number[] = [];
      for (let repeat = 0; repeat < repeats; repeat++) own.push(await clock.measure(label, record));
      times.push(own.sort((a, b) => a - b)[Math.floor(repeats / 2)]);
    }
  } finally {
    clock.destroy();
  }
  return times;
}

/** A dispatch with its measured time. */
export interface TimedDispatch {
  dispatch: Dispatch;
  ms: number;
}

/** Times added up by operation, the longest first, against the adapter's peaks. */
export function kernelTimes(timed: readonly TimedDispatch[], peak: AdapterPeak): KernelTime[] {
  const byKernel = new Map<string, { calls: number; ms: number; flops: number; bytes: number }>();
  for (const { dispatch, ms } of timed) {
    const entry = byKernel.get(kernelName(dispatch)) ?? { calls: 0, ms: 0, flops: 0, bytes: 0 };
    byKernel.set(kernelName(dispatch), {
      calls: entry.calls + 1,
      ms: entry.ms + ms,
      flops: entry.flops + dispatch.flops,
      bytes: entry.bytes + dispatch.bytes,
    });
  }
  return [...byKernel]
    .map(([kernel, { calls, ms, flops, bytes }]) => {
      // A clock that ticks in tenths of a millisecond can see no time at all.
      const gflopsPerSecond = ms ? flops / ms / 1e6 : 0;
      const gigabytesPerSecond = ms ? bytes / ms / 1e6 : 0;
      const shareOfPeak = gflopsPerSecond / peak.fmaGflopsPerSecond;
      const shareOfBandwidth = gigabytesPerSecond / peak.copyGigabytesPerSecond;
      return { kernel, calls, ms, flops, bytes, gflopsPerSecond, gigabytesPerSecond, shareOfPeak, shareOfBandwidth };
    })
    .sort((a, b) => b.ms - a.ms);
}
