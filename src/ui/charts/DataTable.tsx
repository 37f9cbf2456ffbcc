import { formatExact } from '../format';
import { download, type TableData, toCsv } from './csv';

interface DataTableProps extends TableData {
  /** Also the file's name. */
  name: string;
  /** Tells it from other tables of the same picture. */
  title?: string;
  testId?: string;
  /** The newest rows that are shown; the CSV holds all. */
  maxRows?: number;
}

/** The values of a picture as a table that can be read aloud, copied and exported. */
export function DataTable({ name, title = 'Table', testId, columns, rows, maxRows = rows.length }: DataTableProps) {
  const shown = rows.slice(Math.max(0, rows.length - maxRows));
  return (
    <details className="twin">
      <summary>
        {title} <span className="muted">{rows.length} rows</span>
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
