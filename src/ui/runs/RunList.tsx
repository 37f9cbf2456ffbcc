import { describeChange, recipeChanges } from '../../store/recipe/recipeFields';
import { currentStep, type RunEntry } from '../../store/runsSlice';
import { runColor } from '../charts/models/runStyle';
import { formatInteger, formatLoss } from '../format';
import { useLab, useLabThrottled } from '../labContext';
import { KernelVariants } from './KernelVariants';

/** All runs of the page: colour, name, what changed from the parent, where it stands, and what can be done with it. */
export function RunList() {
  const runs = useLabThrottled((state) => state.runOrder.map((id) => state.runs[id]));
  if (!runs.length)
    return (
      <p className="muted" data-testid="run-list">
        No runs yet.
      </p>
    );
  return (
    <ul className="run-list" data-testid="run-list">
      {runs.map((entry) => (
        <RunRow
          key={entry.summary.id}
          entry={entry}
          parent={runs.find((other) => other.summary.id === entry.summary.parent?.id)}
        />
      ))}
    </ul>
  );
}

function RunRow({ entry, parent }: { entry: RunEntry; parent: RunEntry | undefined }) {
  const { summary, origin, hidden, series } = entry;
  const { id } = summary;
  const viewed = useLab((state) => state.viewedId === id);
  const active = useLab((state) => state.activeId === id);
  const baseline = useLab((state) => state.baselineId === id);
  const idle = useLab((state) => state.busy === undefined);
  const view = useLab((state) => state.view);
  const toggleHidden = useLab((state) => state.toggleHidden);
  const pin = useLab((state) => state.pin);
  const activate = useLab((state) => state.activate);
  const changes = parent ? recipeChanges(parent.summary.recipe, summary.recipe).filter(({ path }) => path !== 'name') : [];
  const long = series.validationsOf('long').at(-1);
  const live = series.notes.findLast(({ kind }) => kind === 'live');
  return (
    <li className={`run${viewed ? ' viewed' : ''}${parent ? ' child' : ''}`} data-run-id={id}>
      <button
        type="button"
        className="run-swatch"
        aria-pressed={!hidden}
        aria-label={`${hidden ? 'Show' : 'Hide'} ${summary.name}`}
        title={hidden ? 'Show in the plots' : 'Hide from the plots'}
        style={{ '--run-color': `var(${runColor(entry)})` } as React.CSSProperties}
        onClick={() => toggleHidden(id)}
      />
      <button
        type="button"
        className="run-name"
        aria-pressed={viewed}
        title="Show this run in the panels"
        onClick={() => view(id)}
      >
        {summary.name}
      </button>
      <div className="run-actions">
        {origin === 'session' && !active && (
          <button
            type="button"
            className="quiet"
            disabled={!idle}
            title="Continue this run from its kept checkpoint"
            onClick={() => activate(id)}
          >
            activate
          </button>
        )}
        <button
          type="button"
          className="quiet"
          aria-pressed={baseline}
          title={baseline ? 'Unpin the baseline' : 'Pin as the baseline'}
          onClick={() => pin(id)}
        >
          {baseline ? '★' : '☆'}
          <span className="visually-hidden"> baseline {summary.name}</span>
        </button>
      </div>
      <div className="run-details">
        <span className="run-state">
          {origin === 'session' ? (
            <span className={`status status-${summary.status}`}>{summary.status}</span>
          ) : (
            <span className="badge badge-recorded">{origin}</span>
          )}{' '}
          step {formatInteger(currentStep(entry))}
          {long && <> · val_long {formatLoss(long.loss)}</>}
        </span>
        {summary.parent && (
          <span className="run-changes">
            from step {formatInteger(summary.parent.step)}:{' '}
            {changes.length ? changes.map(describeChange).join(', ') : 'no change (control)'}
          </span>
        )}
        {live && (
          <span className="run-changes">
            live since step {formatInteger(live.step)}: {live.text}
          </span>
        )}
        {viewed && <KernelVariants entry={entry} />}
        {summary.status === 'failed' && <span className="field-problem">{summary.reason}</span>}
      </div>
    </li>
  );
}
