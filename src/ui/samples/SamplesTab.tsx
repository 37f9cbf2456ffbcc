import { useState } from 'react';
import type { Sample } from '../../store/samplesSlice';
import { Explain } from '../controls/Explain';
import { NumberField } from '../controls/NumberField';
import { formatInteger } from '../format';
import { useLab } from '../labContext';

type GenerateOptions = Sample['options'];

const DEFAULTS: GenerateOptions = { prompt: 'It was a', maxNewTokens: 120, temperature: 0.8, topK: 40, seed: 1 };

const STOPPED = { length: 'length reached', eos: 'end of text', context: 'context full', cancelled: 'cancelled' };

/** Text from the active run's weights, and what earlier steps and runs made of their prompts. */
export default function SamplesTab() {
  const [options, setOptions] = useState(DEFAULTS);
  const open = useLab((state) => state.phase === 'open');
  const generating = useLab((state) => state.generating !== undefined);
  const samples = useLab((state) => state.samples);
  const generate = useLab((state) => state.generate);
  const cancel = useLab((state) => state.cancelGenerate);
  const change = (part: Partial<GenerateOptions>) => setOptions({ ...options, ...part });
  return (
    <div className="samples">
      <form
        className="panel sample-form"
        onSubmit={(event) => {
          event.preventDefault();
          void generate(options);
        }}
      >
        <header className="panel-head">
          <h2>Generate</h2>
          <Explain id="sampling" />
        </header>
        <p className="hint">
          A model of this size has learned spelling and some grammar, not facts. Odd prose is what it should look like; the plots
          say whether it uses its context.
        </p>
        <label className="prompt">
          Prompt
          <textarea rows={4} value={options.prompt} onChange={(event) => change({ prompt: event.target.value })} />
        </label>
        <div className="sample-options">
          <NumberField
            label="Temperature"
            min={0}
            max={10}
            value={options.temperature}
            onChange={(temperature) => change({ temperature })}
          />
          <NumberField label="Top k" unit="0 = all" whole min={0} value={options.topK} onChange={(topK) => change({ topK })} />
          <NumberField
            label="New tokens"
            whole
            min={1}
            max={100_000}
            value={options.maxNewTokens}
            onChange={(maxNewTokens) => change({ maxNewTokens })}
          />
          <NumberField label="Seed" whole min={0} max={0xffff_ffff} value={options.seed} onChange={(seed) => change({ seed })} />
        </div>
        <div className="sample-actions">
          <button type="submit" className="primary" data-testid="generate" disabled={!open || generating}>
            Generate
          </button>
          <button type="button" disabled={!generating} onClick={cancel}>
            Cancel
          </button>
          {!open && <span className="muted">Needs a GPU.</span>}
        </div>
      </form>
      <ol className="sample-list" data-testid="sample-output" aria-live="polite" aria-label="Samples, newest first">
        {samples.length === 0 && <li className="empty">Samples appear here, newest first, and stay while the page is open.</li>}
        {samples.map((sample) => (
          <SampleCard key={sample.id} sample={sample} />
        ))}
      </ol>
    </div>
  );
}

function SampleCard({ sample: { runName, step, options, text, result } }: { sample: Sample }) {
  return (
    <li className="panel sample">
      <header>
        <b>{runName}</b>, step {formatInteger(step)}
        <span className="muted">
          {' '}
          · temperature {options.temperature}, top k {options.topK || 'all'}, seed {options.seed}
          {result && ` · ${result.newTokens} tokens, ${result.tokensPerSecond.toFixed(1)} tok/s, ${STOPPED[result.stopped]}`}
        </span>
      </header>
      <p className="sample-text">
        <span className="muted">{options.prompt}</span>
        {text}
      </p>
    </li>
  );
}
