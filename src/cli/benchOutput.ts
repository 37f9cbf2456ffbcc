import type { KernelTime } from '../core/profile';
import type { Output } from './output';

/** Rows that people see; the JSON holds all. */
const KERNELS_SHOWN = 12;

/** The first line of every bench. */
export function printAdapter(output: Output, { adapter, isSoftware }: { adapter: string; isSoftware: boolean }): void {
  output.line(`adapter: ${adapter}${isSoftware ? '; a CPU, so times say nothing about GPUs' : ''}`);
}

/** The kernels that take most of a step. @param title of the first column. */
export function printKernelTimes(output: Output, title: string, kernels: readonly KernelTime[]): void {
  const total = kernels.reduce((sum, { ms }) => sum + ms, 0);
  output.line();
  output.table([
    [title, 'calls', 'ms', 'share', 'GFLOP/s', 'of peak', 'GB/s'],
    ...kernels
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, KERNELS_SHOWN)
      .map(({ kernel, calls, ms, gflopsPerSecond, shareOfPeak, gigabytesPerSecond }) => [
        kernel,
        String(calls),
        ms.toFixed(2),
        percent(ms / total),
        gflopsPerSecond.toFixed(2),
        percent(shareOfPeak),
        gigabytesPerSecond.toFixed(2),
      ]),
  ]);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
