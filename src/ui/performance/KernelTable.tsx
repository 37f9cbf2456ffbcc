import { useMemo, useState } from 'react';
import type { KernelTime, StepProfile } from '../../core/profile';
import { formatInteger, formatMilliseconds, formatPercent, formatSignificant } from '../format';
import { FAMILY_COLORS, familyOf } from './operationFamily';
import { type KernelOrder, sortKernels } from './profileTables';

interface KernelTableProps {
  profile: StepProfile;
  kernel: string | undefined;
  onKernel(kernel: string | undefined): void;
}

interface Column {
  by: keyof KernelTime;
  label: string;
  title: string;
  format(time: KernelTime): string;
}

const COLUMNS: Column[] = [
  { by: 'calls', label: 'calls', title: 'Dispatches in one step', format: ({ calls }) => formatInteger(calls) },
  { by: 'ms', label: 'time', title: 'Of all calls in one step', format: ({ ms }) => formatMilliseconds(ms) },
  {
    by: 'gflopsPerSecond',
    label: 'GFLOP/s',
    title: 'FLOPs over time',
    format: ({ flops, gflopsPerSecond }) => (flops ? formatSignificant(gflopsPerSecond) : '–'),
  },
  {
    by: 'shareOfPeak',
    label: 'of peak',
    title: 'GFLOP/s over the adapter’s measured multiply-add peak',
    format: ({ flops, shareOfPeak }) => (flops ? formatPercent(shareOfPeak) : '–'),
  },
  {
    by: 'gigabytesPerSecond',
    label: 'GB/s',
    title: 'Operand bytes, each once, over time',
    format: ({ gigabytesPerSecond }) => formatSignificant(gigabytesPerSecond),
  },
  {
    by: 'shareOfBandwidth',
    label: 'of bandwidth',
    title: 'GB/s over the adapter’s measured copy bandwidth',
    format: ({ shareOfBandwidth }) => formatPercent(shareOfBandwidth),
  },
];

/** Kernels of the step, in any order the reader asks for; the slowest first at first. */
export function KernelTable({ profile, kernel, onKernel }: KernelTableProps) {
  const [order, setOrder] = useState<KernelOrder>({ by: 'ms', descending: true });
  const rows = useMemo(() => sortKernels(profile.kernels, order), [profile, order]);
  const slowest = Math.max(...profile.kernels.map(({ ms }) => ms));
  // Numbers begin with the largest, names with the first.
  const sortBy = (by: keyof KernelTime) =>
    setOrder(order.by === by ? { by, descending: !order.descending } : { by, descending: by !== 'kernel' });
  const heading = (by: keyof KernelTime, label: string, title: string) => (
    <th key={by} scope="col" aria-sort={order.by !== by ? undefined : order.descending ? 'descending' : 'ascending'}>
      <button type="button" className="sort" title={title} onClick={() => sortBy(by)}>
        {label}
        <span aria-hidden="true">{order.by !== by ? '' : order.descending ? ' ▾' : ' ▴'}</span>
      </button>
    </th>
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="kernel-scroll" aria-label="Kernels by time" tabIndex={0}>
      <table className="kernel-table" data-testid="kernel-table">
        <caption className="visually-hidden">Time and rates of each kernel in one step</caption>
        <thead>
          <tr>
            {heading('kernel', 'kernel', 'Operation and what it is for')}
            {COLUMNS.map(({ by, label, title }) => heading(by, label, title))}
          </tr>
        </thead>
        <tbody onPointerLeave={() => onKernel(undefined)}>
          {rows.map((time) => (
            <tr
              key={time.kernel}
              className={time.kernel === kernel ? 'pointed' : undefined}
              onPointerEnter={() => onKernel(time.kernel)}
            >
              <th scope="row">
                <span className="kernel-name" title={time.kernel}>
                  <i className="swatch" style={{ background: `var(${FAMILY_COLORS[familyOf(time.kernel)]})` }} /> {time.kernel}
                </span>
              </th>
              {COLUMNS.map(({ by, format }) => (
                <td key={by} style={by === 'ms' ? ({ '--share': time.ms / slowest } as React.CSSProperties) : undefined}>
                  {format(time)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">all kernels</th>
            <td>{formatInteger(rows.reduce((sum, { calls }) => sum + calls, 0))}</td>
            <td>{formatMilliseconds(profile.kernelMs)}</td>
            <td colSpan={4} />
          </tr>
        </tfoot>
      </table>
    </section>
  );
}
