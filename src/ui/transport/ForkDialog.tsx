import { Dialog } from 'radix-ui';
import { useState } from 'react';
import type { ForkOptions } from '../../core/records';
import { describeChange, kindOfChange } from '../../store/recipe/recipeFields';
import { activeRun, currentStep } from '../../store/runsSlice';
import { NumberField } from '../controls/NumberField';
import { formatInteger } from '../format';
import { useLab, useLabStore, useLabThrottled } from '../labContext';

const DEFAULTS: ForkOptions = { moments: 'keep', schedule: 'continue', warmupSteps: 0 };

/** What happens to moments, schedule and tokens when a child run leaves its parent. */
export default function ForkDialog() {
  const showDialog = useLab((state) => state.showDialog);
  return (
    <Dialog.Root open onOpenChange={() => showDialog(undefined)}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog" aria-describedby={undefined}>
          <ForkForm />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function ForkForm() {
  const store = useLabStore();
  const [options, setOptions] = useState(DEFAULTS);
  const step = useLabThrottled((state) => {
    const run = activeRun(state);
    return run ? currentStep(run) : 0;
  });
  const parent = useLab((state) => activeRun(state)?.summary);
  const busy = useLab((state) => state.busy !== undefined);
  const draft = useLab((state) => state.draft);
  const changes = store.getState().pendingChanges();
  const impossible = changes.filter((change) => kindOfChange(change) === 'new');
  const [name, setName] = useState(() => suggestedName(parent?.name ?? draft.name, changes.map(describeChange)));
  // Without a budget of its own the child runs to the draft's total.
  const left = parent ? Math.max(draft.curriculum.total_tokens - step * parent.recipe.curriculum.tokens_per_step, 0) : 0;
  const change = (part: Partial<ForkOptions>) => setOptions({ ...options, ...part });

  const confirm = async () => {
    store.getState().edit((recipe) => {
      recipe.name = name.trim() || recipe.name;
    });
    if (await store.getState().fork(options)) store.getState().showDialog(undefined);
  };

  return (
    <>
      <Dialog.Title>Fork from step {formatInteger(step)}</Dialog.Title>
      <p>
        {changes.length ? (
          <>
            The child starts with this run’s weights and <b>{changes.map(describeChange).join(', ')}</b>. For a fair comparison
            also fork a <b>control</b>: the same choices below with every knob undone.
          </>
        ) : (
          <>
            The child changes nothing: a <b>control</b>. Compare every other fork with one that has the same moments, schedule and
            warm-up, so that what you see is the change and not the re-warm-up.
          </>
        )}
      </p>
      {impossible.length > 0 && (
        <p className="field-problem">
          {impossible.map(({ path }) => path).join(', ')} cannot change in a fork: the weights would not fit. Undo it or start a
          new run.
        </p>
      )}
      <label className="row">
        Name
        <input type="text" maxLength={120} value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      <fieldset>
        <legend>Optimizer moments</legend>
        <Choice name="moments" value="keep" current={options.moments} label="keep" onChoose={(moments) => change({ moments })} />
        <Choice
          name="moments"
          value="reset"
          current={options.moments}
          label="reset to zero"
          onChoose={(moments) => change({ moments })}
        />
      </fieldset>
      <fieldset>
        <legend>Learning-rate schedule</legend>
        <Choice
          name="schedule"
          value="continue"
          current={options.schedule}
          label="continue"
          onChoose={(schedule) => change({ schedule })}
        />
        <Choice
          name="schedule"
          value="restart"
          current={options.schedule}
          label="restart with warm-up"
          onChoose={(schedule) => change({ schedule })}
        />
        {options.schedule === 'restart' && (
          <NumberField
            label="Warm-up"
            unit="steps"
            whole
            min={0}
            value={options.warmupSteps}
            onChange={(warmupSteps) => change({ warmupSteps })}
          />
        )}
      </fieldset>
      <NumberField
        label="Token budget of the child"
        unit="tokens"
        whole
        min={draft.curriculum.tokens_per_step}
        value={options.tokenBudget ?? left}
        onChange={(tokenBudget) => change({ tokenBudget })}
      />
      <p className="muted">Left to the parent: {formatInteger(left)} tokens.</p>
      <div className="dialog-actions">
        <Dialog.Close>Cancel</Dialog.Close>
        <button
          type="button"
          className="primary"
          data-testid="fork-confirm"
          disabled={busy || impossible.length > 0}
          onClick={confirm}
        >
          Fork
        </button>
      </div>
    </>
  );
}

interface ChoiceProps<T extends string> {
  name: string;
  value: T;
  current: T;
  label: string;
  onChoose(value: T): void;
}

function Choice<T extends string>({ name, value, current, label, onChoose }: ChoiceProps<T>) {
  return (
    <label className="choice">
      <input type="radio" name={name} checked={current === value} onChange={() => onChoose(value)} /> {label}
    </label>
  );
}

/** The parent's first word and what changed, e.g. `extend-base: rope_theta 1e4 → 5e5`. */
function suggestedName(parent: string, changes: string[]): string {
  return `${parent.split(':')[0]}: ${changes.join(', ') || 'control'}`.slice(0, 120);
}
