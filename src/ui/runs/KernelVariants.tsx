import type { RunEntry } from '../../store/runsSlice';
import { Explain } from '../controls/Explain';

/** How each operation of a run is computed, whether that is what its adapter gets untimed, and what was found wrong there. */
export function KernelVariants({ entry: { summary, series } }: { entry: RunEntry }) {
  const { variants, defaultVariants } = summary;
  const operations = Object.entries(variants);
  if (!operations.length) return null;
  const chosen = operations.filter(([operation, name]) => defaultVariants && defaultVariants[operation] !== name).length;
  const refusals = series.notes.filter(({ kind }) => kind === 'tuning');
  return (
    <details className="advanced run-variants">
      <summary>
        kernels{' '}
        <span className="muted">
          {chosen ? `${chosen} of ${operations.length} not the default` : defaultVariants && 'all default'}
        </span>
        {refusals.length > 0 && <span className="hint-warn">{refusals.length} refused</span>}
      </summary>
      <table>
        <caption className="visually-hidden">Kernel variants of {summary.name}</caption>
        <tbody>
          {operations.map(([operation, name]) => (
            <tr key={operation}>
              <th scope="row">{operation}</th>
              <td>
                {name} {defaultVariants?.[operation] === name && <span className="muted">default</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {refusals.map(({ text }) => (
        <p key={text} className="hint-warn">
          {text}
        </p>
      ))}
      <p className="muted">
        {summary.adapter} <Explain id="variants" />
      </p>
    </details>
  );
}
