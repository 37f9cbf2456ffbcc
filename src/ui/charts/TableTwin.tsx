import type { LabState } from '../../store/labStore';
import { formatExact } from '../format';
import { useLabThrottled } from '../labContext';
import { download, type TableData, toCsv } from './csv';

interface TableTwinProps {
  /** Also the file's name. */
  name: string;
  testId: string;
  table: (state: LabState) => TableData;
}

/** Rows beyond this are in the CSV only; the newest are kept, as they are what is being watched. */
const MAX_ROWS = 200;

/** The same values as the picture above it, as a table that can be read aloud, copied and exported. */
export function TableTwin({ name, testId, table }: TableTwinProps) {
  // A table that did not change keeps its identity, so this renders a few times a second at most.
  const { columns, rows } = useLabThrottled(table, 500);
  const shown = rows.slice(-MAX_ROWS);
  return (
    <details className="twin">
      <summary>
        Table <span className="muted">{rows.length} rows</span>
      </summary>
      <button
        type="button"
        className="quiet twin-csv"
        onClick={() => download(`${name}.csv`, new Blob([toCsv({ columns, rows })], { type: 'text/csv' }))}
      >
        CSV
      </button>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section className="twin-scroll" aria-label={`${name} table`} tabIndex={0}>
        <table data-testid={testId}>
          <caption className="visually-hidden">
            {name}
            {shown.length < rows.length ? `, the last ${shown.length} of ${rows.length} rows` : ''}
          </caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={row.slice(0, 3).join('|')}>
                {row.map((cell, i) => (
                  <td key={columns[i]} data-column={columns[i]}>
                    {typeof cell === 'number' ? formatExact(cell) : cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
