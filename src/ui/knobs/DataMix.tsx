import { useRef } from 'react';
import type { Recipe } from '../../core/recipe';
import { Field, useRevert } from '../controls/Field';
import { NumberField } from '../controls/NumberField';
import { formatCount, formatPercent } from '../format';
import { useLab } from '../labContext';
import { MixBar } from './MixBar';

export type Sources = Recipe['data']['sources'];

/** Share of tokens per source, and the way in for the visitor's own files. */
export function DataMix() {
  const sources = useLab((state) => state.draft.data.sources);
  const known = useLab((state) => state.facts?.sources);
  const edit = useLab((state) => state.edit);
  const revert = useRevert();
  const setSources = (next: Sources) => edit((draft) => void (draft.data.sources = next));
  const sum = sources.reduce((total, { share }) => total + share, 0) || 1;
  const unused = (known ?? []).filter(({ name }) => !sources.some((source) => source.name === name));
  return (
    <>
      <Field wide path="data.sources" onReset={() => revert((draft, from) => void (draft.data.sources = from.data.sources))}>
        <MixBar sources={sources} onChange={setSources} />
      </Field>
      <table className="mix-rows">
        <thead>
          <tr>
            <th scope="col">source</th>
            <th scope="col">share of tokens</th>
            <th scope="col">
              <span className="visually-hidden">remove</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sources.map(({ name, share }, i) => {
            const facts = known?.find((source) => source.name === name);
            const about =
              facts &&
              `${facts.title}: ${facts.description} Licence: ${facts.licence}. ${formatCount(facts.trainTokens)} training tokens.`;
            return (
              <tr key={name}>
                <th scope="row" title={about}>
                  <i className="swatch" style={{ background: `var(--source-${i % 9})` }} /> {facts?.title ?? name}
                  {facts && (
                    <span className="muted source-facts">
                      {facts.kind === 'generator' ? 'generated' : formatCount(facts.trainTokens)} · {facts.licence}
                    </span>
                  )}
                </th>
                <td>
                  <NumberField
                    label={`Share of ${name}, per cent`}
                    labelHidden
                    unit="%"
                    min={0}
                    max={1}
                    scale={0.01}
                    value={Number((share / sum).toFixed(3))}
                    onChange={(next) => setSources(withShare(sources, i, next))}
                  />
                </td>
                <td className="remove">
                  <button
                    type="button"
                    className="quiet"
                    disabled={sources.length === 1}
                    aria-label={`Remove ${name}`}
                    onClick={() => setSources(withShare(sources, i, 0).filter((_, j) => j !== i))}
                  >
                    ✕
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {unused.length > 0 && (
        <label className="row">
          <span className="visually-hidden">Add a source</span>
          <select value="" onChange={(event) => setSources([...sources, { name: event.target.value, share: 0 }])}>
            <option value="">+ source…</option>
            {unused.map(({ name, title, licence }) => (
              <option key={name} value={name}>
                {title} ({licence})
              </option>
            ))}
          </select>
        </label>
      )}
      <AddFiles />
    </>
  );
}

function AddFiles() {
  const addFiles = useLab((state) => state.addFiles);
  const adding = useLab((state) => state.addingSource);
  const open = useLab((state) => state.phase === 'open');
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="drop-zone" data-testid="drop-zone">
      {adding ? (
        <>
          <progress value={adding.share} aria-label={`Reading ${adding.name}`} /> {adding.name} {formatPercent(adding.share, 0)}
        </>
      ) : (
        <>
          Drop .txt or .jsonl files anywhere, or{' '}
          <button type="button" className="link" disabled={!open} onClick={() => input.current?.click()}>
            choose files
          </button>
          . They stay on this machine.
        </>
      )}
      <input
        ref={input}
        type="file"
        accept=".txt,.jsonl"
        multiple
        hidden
        aria-label="Files to train on"
        onChange={(event) => {
          void addFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
    </div>
  );
}

/** Sets one share of the whole; the others keep their proportions in what is left. */
export function withShare(sources: Sources, index: number, share: number): Sources {
  const rest = sources.reduce((sum, source, i) => sum + (i === index ? 0 : source.share), 0);
  const left = 1 - share;
  return sources.map((source, i) => {
    if (i === index) return { ...source, share: round(share) };
    return { ...source, share: round(rest > 0 ? (source.share / rest) * left : left / (sources.length - 1)) };
  });
}

function round(share: number): number {
  return Math.round(share * 1000) / 1000;
}
