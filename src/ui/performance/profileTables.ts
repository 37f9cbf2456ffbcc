import type { KernelTime, StepProfile } from '../../core/profile';
import type { TableData } from '../charts/csv';
import { familyOf } from './operationFamily';

/** The step as a whole, one quantity a row. */
export function figuresTable({ kernels, timeline, peak, ...figures }: StepProfile): TableData {
  const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return {
    columns: ['quantity', 'value'],
    rows: Object.entries({ ...figures, ...peak }).map(([name, value]) => [snakeCase(name), value]),
  };
}

export function timelineTable({ timeline }: StepProfile): TableData {
  return {
    columns: ['start_ms', 'ms', 'phase', 'family', 'kernel'],
    rows: timeline.map(({ startMs, ms, phase, kernel }) => [startMs, ms, phase, familyOf(kernel), kernel]),
  };
}

export function kernelTable({ kernels }: StepProfile): TableData {
  return {
    columns: [
      'kernel',
      'calls',
      'ms',
      'flops',
      'bytes',
      'gflops_per_second',
      'gigabytes_per_second',
      'share_of_peak',
      'share_of_bandwidth',
    ],
    rows: kernels.map((time) => [
      time.kernel,
      time.calls,
      time.ms,
      time.flops,
      time.bytes,
      time.gflopsPerSecond,
      time.gigabytesPerSecond,
      time.shareOfPeak,
      time.shareOfBandwidth,
    ]),
  };
}

export interface KernelOrder {
  by: keyof KernelTime;
  descending: boolean;
}

/** Sorted copies; equal values keep the order they came in. */
export function sortKernels(kernels: readonly KernelTime[], { by, descending }: KernelOrder): KernelTime[] {
  const sign = descending ? -1 : 1;
  return kernels.toSorted((a, b) => {
    const [x, y] = [a[by], b[by]];
    return sign * (typeof x === 'string' ? x.localeCompare(String(y)) : x - Number(y));
  });
}
