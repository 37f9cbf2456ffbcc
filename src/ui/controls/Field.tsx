import type { ReactNode } from 'react';
import type { Recipe } from '../../core/recipe';
import { changeKind, recipeFields, shortValue } from '../../store/recipe/recipeFields';
import { activeRun } from '../../store/runsSlice';
import { useLab, useLabStore } from '../labContext';

interface FieldProps {
  /** Path of the recipe field, e.g. `rope_parameters.rope_theta`; decides the badge and what reset means. */
  path: string;
  explain?: ReactNode;
  children: ReactNode;
  /** A picture rather than a line of text and a control. */
  wide?: boolean;
  /** Puts one field of the draft back to `from`'s value; left out where a reset makes no sense. */
  onReset?: () => void;
}

const BADGES = {
  live: { text: 'live', title: 'Acts on the running run at its next step' },
  fork: { text: 'fork', title: 'Changing it in the middle of a run makes a child run' },
  new: { text: 'new run', title: 'Needs a run of its own, from its first step' },
  label: { text: '', title: '' },
};

/** One knob: its control, what turning it means, whether it differs from the run, and the way back. */
export function Field({ path, explain, wide, children, onReset }: FieldProps) {
  const reference = useReferenceValue(path);
  const current = useLab((state) => recipeFields(state.draft).get(path));
  const changed = current !== reference;
  const badge = BADGES[changeKind(path)];
  return (
    <div className={`field${changed ? ' changed' : ''}${wide ? ' wide' : ''}`}>
      <div className="field-body">{children}</div>
      <div className="field-side">
        {badge.text && (
          <span className={`badge badge-${changeKind(path)}`} title={badge.title}>
            {badge.text}
          </span>
        )}
        {explain}
        {changed && onReset && (
          <button type="button" className="quiet reset" title={`Back to ${shortValue(reference)}`} onClick={onReset}>
            ↺<span className="visually-hidden">Reset {path.slice(path.lastIndexOf('.') + 1)}</span>
          </button>
        )}
      </div>
    </div>
  );
}

/** The field's value in the run that Train acts on, or in the preset where there is none. */
function useReferenceValue(path: string) {
  return useLab((state) => recipeFields(activeRun(state)?.recipe ?? state.preset).get(path));
}

/** A function that copies one part of the reference recipe back into the draft. */
export function useRevert() {
  const store = useLabStore();
  return (copy: (draft: Recipe, from: Recipe) => void) => {
    const state = store.getState();
    const from = structuredClone(activeRun(state)?.recipe ?? state.preset);
    state.edit((draft) => copy(draft, from));
  };
}
