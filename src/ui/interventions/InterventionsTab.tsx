import { useState } from 'react';
import type { Intervention } from '../../core/intervention';
import type { MeasuredEffect } from '../../store/interventionsSlice';
import { activeRun } from '../../store/runsSlice';
import { TASK_LABELS } from '../charts/RetrievalPanel';
import { Explain } from '../controls/Explain';
import { NumberField } from '../controls/NumberField';
import { formatInteger, formatPercent } from '../format';
import { useLab } from '../labContext';

const KINDS: Record<Intervention['kind'], string> = {
  head: 'one head',
  layer: 'one layer',
  band: 'a band of rotary pairs',
  cut: 'context beyond c tokens',
};

/** Takes a part of the model away and measures the same held-out text and answers again: what an attention plot cannot say. */
export default function InterventionsTab() {
  const locked = useLab((state) => state.lockedHead);
  const open = useLab((state) => state.phase === 'open');
  const isBusy = useLab((state) => state.intervening);
  const effects = useLab((state) => state.effects);
  const intervene = useLab((state) => state.intervene);
  const longest = useLab((state) =>
    Math.max(...(activeRun(state)?.recipe ?? state.draft).curriculum.stages.map((stage) => stage.sequence_length)),
  );
  const [kind, setKind] = useState<Intervention['kind']>('head');
  const [layer, setLayer] = useState(locked?.layer ?? 0);
  const [head, setHead] = useState(locked?.head ?? 0);
  const [band, setBand] = useState<[number, number]>([8, 16]);
  const [context, setContext] = useState(128);
  const chosen: Record<Intervention['kind'], Intervention> = {
    head: { kind: 'head', layer, head },
    layer: { kind: 'layer', layer },
    band: { kind: 'band', from: band[0], to: band[1] },
    cut: { kind: 'cut', context },
  };
  return (
    <div className="interventions">
      <form
        className="panel sample-form"
        onSubmit={(event) => {
          event.preventDefault();
          void intervene(chosen[kind]);
        }}
      >
        <header className="panel-head">
          <h2>Take away</h2>
          <Explain id="intervention" />
        </header>
        <label className="row">
          <span>What</span>
          <select value={kind} onChange={(event) => setKind(event.target.value as Intervention['kind'])}>
            {Object.entries(KINDS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        {(kind === 'head' || kind === 'layer') && <NumberField label="Layer" whole min={0} value={layer} onChange={setLayer} />}
        {kind === 'head' && <NumberField label="Head" whole min={0} value={head} onChange={setHead} />}
        {kind === 'band' && (
          <div className="field-pair">
            <NumberField label="From pair" whole min={0} value={band[0]} onChange={(from) => setBand([from, band[1]])} />
            <NumberField label="to" whole min={1} value={band[1]} onChange={(to) => setBand([band[0], to])} />
          </div>
        )}
        {kind === 'cut' && (
          <NumberField label="c" unit="tokens" whole min={2} max={longest} value={context} onChange={setContext} />
        )}
        <div className="sample-actions">
          <button type="submit" className="primary" disabled={!open || isBusy}>
            {isBusy ? 'Measuring…' : 'Measure'}
          </button>
          {!open && <span className="muted">Needs a GPU.</span>}
        </div>
        <p className="hint">
          On the active run’s weights as they are; where there is none, on what the knobs start from. They are put back to the
          bit.
        </p>
      </form>
      <div className="sample-list" aria-live="polite">
        {effects.length === 0 && <p className="empty">Nothing taken away yet.</p>}
        {effects.map((effect) => (
          <Effect key={effect.id} effect={effect} />
        ))}
      </div>
    </div>
  );
}

/** One intervention: the same measure with and without, and the difference. */
function Effect({ effect }: { effect: MeasuredEffect }) {
  const rows = [
    ...effect.losses.map(({ kind, length, whole, without }) => ({
      label: `val_${kind}, ${formatInteger(length)} tokens (nats)`,
      whole: whole.toFixed(4),
      without: without.toFixed(4),
      change: signed(without - whole, 4),
    })),
    ...effect.answers.flatMap(({ task, whole, without }) => [
      {
        label: `${TASK_LABELS[task]}: answer loss (nats)`,
        whole: whole.loss.toFixed(4),
        without: without.loss.toFixed(4),
        change: signed(without.loss - whole.loss, 4),
      },
      {
        label: `${TASK_LABELS[task]}: exact`,
        whole: formatPercent(whole.exactMatch),
        without: formatPercent(without.exactMatch),
        change: `${signed(100 * (without.exactMatch - whole.exactMatch), 1)} points`,
      },
    ]),
  ];
  return (
    <article className="panel sample" data-testid="effect">
      <header>
        <strong>{nameOf(effect.intervention)}</strong>{' '}
        <span className="muted">
          {effect.runName}, step {formatInteger(effect.step)}
        </span>
      </header>
      <table className="effect">
        <thead>
          <tr>
            <th scope="col">measure</th>
            <th scope="col">whole</th>
            <th scope="col">without</th>
            <th scope="col">change</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ label, whole, without, change }) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td>{whole}</td>
              <td>{without}</td>
              <td>{change}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </article>
  );
}

function nameOf(intervention: Intervention): string {
  switch (intervention.kind) {
    case 'head':
      return `Without head ${intervention.head} of layer ${intervention.layer}`;
    case 'layer':
      return `Without layer ${intervention.layer}`;
    case 'band':
      return `Without rotary pairs ${intervention.from} to ${intervention.to - 1}`;
    case 'cut':
      return `Without context beyond ${formatInteger(intervention.context)} tokens`;
  }
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}
