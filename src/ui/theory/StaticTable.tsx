import { download, type TableData, toCsv } from '../charts/csv';
import { formatExact } from '../format';

/** The values of a plot that does not change by itself, as a table and CSV. */
export function StaticTable({ name, columns, rows }: TableData & { name: string }) {
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
        <table>
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
            {rows.map((row) => (
              <tr key={row[0]}>
                {row.map((cell, i) => (
                  <td key={columns[i]}>{typeof cell === 'number' ? formatExact(cell) : cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
