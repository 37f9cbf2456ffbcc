import type { LabState } from '../../store/labStore';
import { describeChange, type FieldChange, kindOfChange } from '../../store/recipe/recipeFields';
import { activeRun } from '../../store/runsSlice';
import { useLab, useLabStore, useLabThrottled } from '../labContext';

/** The knobs differ from the running run: what can be done about it. Nothing is ever applied silently. */
export function PendingChanges() {
  const store = useLabStore();
  const changes = useLabThrottled(pending, 100);
  const problem = useLab((state) => state.draftError);
  const busy = useLab((state) => state.busy !== undefined);
  if (!changes.length && !problem) return null;
  const { applyLive, startNew, revert, showDialog } = store.getState();
  const kinds = new Set(changes.map(kindOfChange));
  const blocked = busy || problem !== undefined;
  return (
    <div className="pending" role="status">
      {problem && <p className="field-problem">{problem}</p>}
      {changes.length > 0 && (
        <p>
          <b>Not in this run yet:</b> {changes.map(describeChange).join(', ')}
        </p>
      )}
      <p className="pending-actions">
        {kinds.has('live') && (
          <button type="button" className="primary" disabled={blocked} onClick={applyLive}>
            Apply live
          </button>
        )}
        {kinds.has('fork') && !kinds.has('new') && (
          <button type="button" className="primary" disabled={blocked} onClick={() => showDialog('fork')}>
            Fork…
          </button>
        )}
        {(kinds.has('new') || kinds.has('fork')) && (
          <button type="button" disabled={blocked} onClick={startNew}>
            New run
          </button>
        )}
        <button type="button" className="quiet" onClick={revert}>
          Undo
        </button>
      </p>
    </div>
  );
}

const NONE: FieldChange[] = [];

/** A run that has not begun simply follows the knobs when Train is pressed. */
function pending(state: LabState): FieldChange[] {
  const active = activeRun(state);
  if (!active || (active.summary.status === 'ready' && !active.summary.parent)) return NONE;
  return state.pendingChanges();
}
