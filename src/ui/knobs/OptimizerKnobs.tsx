import type { Recipe } from '../../core/recipe';
import { PROBE_TASK_NAMES } from '../../core/records';
import { TASK_LABELS } from '../charts/RetrievalPanel';
import { Explain } from '../controls/Explain';
import { Field, useRevert } from '../controls/Field';
import { LogSlider } from '../controls/LogSlider';
import { NumberField } from '../controls/NumberField';
import type { ExplanationId } from '../explanations';
import { useLab } from '../labContext';

type Optimizer = Recipe['optimizer'];
type NumberKey = { [K in keyof Optimizer]: Optimizer[K] extends number ? K : never }[keyof Optimizer];

interface OptimizerNumber {
  name: NumberKey;
  label: string;
  explain: ExplanationId;
  min: number;
  max?: number;
  whole?: boolean;
  unit?: string;
}

const NUMBERS: readonly OptimizerNumber[] = [
  { name: 'min_learning_rate_ratio', label: 'Final / peak rate', explain: 'minRatio', min: 0, max: 1 },
  { name: 'warmup_steps', label: 'Warm-up', explain: 'warmup', min: 0, whole: true, unit: 'steps' },
  { name: 'weight_decay', label: 'Weight decay', explain: 'weightDecay', min: 0, max: 10 },
  { name: 'max_grad_norm', label: 'Clip norm at', explain: 'maxGradNorm', min: 1e-6 },
  { name: 'eps', label: 'Epsilon', explain: 'betas', min: 1e-16, max: 1 },
];

/** The learning rate in sight, the rest of AdamW and the probes below it. */
export function OptimizerKnobs() {
  const optimizer = useLab((state) => state.draft.optimizer);
  const every = useLab((state) => state.draft.probes.every_steps);
  const tasks = useLab((state) => state.draft.probes.retrieval_tasks);
  const edit = useLab((state) => state.edit);
  const revert = useRevert();
  const set = <K extends keyof Optimizer>(name: K, value: Optimizer[K]) => edit((draft) => void (draft.optimizer[name] = value));
  const reset = <K extends keyof Optimizer>(name: K) =>
    revert((draft, from) => void (draft.optimizer[name] = from.optimizer[name]));
  return (
    <>
      <Field path="optimizer.learning_rate" explain={<Explain id="learningRate" />} onReset={() => reset('learning_rate')}>
        <NumberField
          label="Learning rate"
          min={1e-9}
          max={10}
          value={optimizer.learning_rate}
          onChange={(value) => set('learning_rate', value)}
        />
        <LogSlider
          label="Learning rate, slider"
          min={1e-5}
          max={1e-1}
          value={optimizer.learning_rate}
          valueText={String(optimizer.learning_rate)}
          onChange={(value) => set('learning_rate', value)}
        />
      </Field>
      <Field path="optimizer.schedule" explain={<Explain id="schedule" />} onReset={() => reset('schedule')}>
        <label className="row">
          <span>Schedule</span>
          <select value={optimizer.schedule} onChange={(event) => set('schedule', event.target.value as Optimizer['schedule'])}>
            <option value="cosine">cosine</option>
            <option value="linear">linear</option>
            <option value="constant">constant</option>
          </select>
        </label>
        {optimizer.schedule === 'constant' && <p className="hint">Final / peak rate has no effect under a constant schedule.</p>}
      </Field>
      {NUMBERS.map(({ name, explain, ...field }) => (
        <Field key={name} path={`optimizer.${name}`} explain={<Explain id={explain} />} onReset={() => reset(name)}>
          <NumberField {...field} value={optimizer[name]} onChange={(value) => set(name, value)} />
        </Field>
      ))}
      <Field path="optimizer.betas" explain={<Explain id="betas" />} onReset={() => reset('betas')}>
        <div className="field-pair">
          <NumberField
            label="β₁"
            min={0}
            max={0.9999}
            value={optimizer.betas[0]}
            onChange={(beta) => set('betas', [beta, optimizer.betas[1]])}
          />
          <NumberField
            label="β₂"
            min={0}
            max={0.999999}
            value={optimizer.betas[1]}
            onChange={(beta) => set('betas', [optimizer.betas[0], beta])}
          />
        </div>
      </Field>
      <Field
        path="probes.every_steps"
        explain={<Explain id="probeEvery" />}
        onReset={() => revert((draft, from) => void (draft.probes.every_steps = from.probes.every_steps))}
      >
        <NumberField
          label="Probe every"
          unit="steps"
          whole
          min={1}
          value={every}
          onChange={(value) => edit((draft) => void (draft.probes.every_steps = value))}
        />
      </Field>
      <Field
        path="probes.retrieval_tasks"
        explain={<Explain id="retrieval" />}
        onReset={() => revert((draft, from) => void (draft.probes.retrieval_tasks = from.probes.retrieval_tasks))}
      >
        <fieldset className="task-boxes">
          <legend>Questions asked</legend>
          {PROBE_TASK_NAMES.map((task) => (
            <label key={task}>
              <input
                type="checkbox"
                checked={tasks.includes(task)}
                // One must remain: without questions the probe is turned off by its rows.
                disabled={tasks.length === 1 && tasks.includes(task)}
                onChange={({ target }) =>
                  edit((draft) => {
                    draft.probes.retrieval_tasks = PROBE_TASK_NAMES.filter((name) =>
                      name === task ? target.checked : tasks.includes(name),
                    );
                  })
                }
              />{' '}
              {TASK_LABELS[task]}
            </label>
          ))}
        </fieldset>
      </Field>
    </>
  );
}
