import type { RunPlan } from '../../core/records';
import { DataTable } from '../charts/DataTable';
import { formatBytes, formatInteger } from '../format';
import { type MemoryColumn, memoryColumns, memoryPurposes, memoryTable } from './memoryModel';

/** GPU memory by purpose: of the whole run, and of each stage's steps alone. */
export function MemoryPlan({ plan }: { plan: RunPlan }) {
  const columns = memoryColumns(plan);
  const purposes = memoryPurposes(plan);
  const row = (name: string, value: (column: MemoryColumn) => string, className?: string) => (
    <tr key={name} className={className}>
      <th scope="row">{name}</th>
      {columns.map((column) => (
        <td key={column.label}>{value(column)}</td>
      ))}
    </tr>
  );
  return (
    <>
      <div className="memory-bars" aria-hidden="true">
        {columns.map(({ label, bytes, totalBytes }) => (
          <div key={label} className="memory-row">
            <span>{label}</span>
            <div className="memory-bar" style={{ width: `${(totalBytes / plan.totalBytes) * 100}%` }}>
              {purposes.map(({ purpose, color }) => (
                <span
                  key={purpose}
                  style={{ flexGrow: bytes[purpose] ?? 0, background: `var(${color})` }}
                  title={`${purpose}: ${formatBytes(bytes[purpose] ?? 0)}`}
                />
              ))}
            </div>
          </div>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section className="memory-scroll" aria-label="GPU memory by purpose" tabIndex={0}>
        <table className="memory-rows">
          <caption className="visually-hidden">Predicted GPU memory by purpose, and calls per step</caption>
          <thead>
            <tr>
              <td />
              {columns.map(({ label }) => (
                <th key={label} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {purposes.map(({ purpose, color }) => (
              <tr key={purpose}>
                <th scope="row">
                  <i className="swatch" style={{ background: `var(${color})` }} /> {purpose}
                </th>
                {columns.map(({ label, bytes }) => (
                  <td key={label}>{formatBytes(bytes[purpose] ?? 0)}</td>
                ))}
              </tr>
            ))}
            {row('all buffers', ({ totalBytes }) => formatBytes(totalBytes), 'total')}
            {row('dispatches a step', ({ dispatches }) => shown(dispatches))}
            {row('submits a step', ({ submits }) => shown(submits))}
          </tbody>
        </table>
      </section>
      <DataTable name="memory-plan" testId="memory-table" {...memoryTable(plan)} />
    </>
  );
}

function shown(count: number | undefined): string {
  return count === undefined ? '' : formatInteger(count);
}
