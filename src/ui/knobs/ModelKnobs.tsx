import { parameterCount } from '../../core/modelConfig';
import type { Recipe } from '../../core/recipe';
import { checkpointShape, draftModel, type ModelShape } from '../../store/recipe/draftModel';
import { Explain } from '../controls/Explain';
import { Field, useRevert } from '../controls/Field';
import { NumberField } from '../controls/NumberField';
import { formatCount } from '../format';
import { useLab } from '../labContext';
import { DIAL_STEPS, dialOf, shapeAtDial } from './modelDial';

const ADVANCED: readonly { name: keyof ModelShape; label: string }[] = [
  { name: 'hidden_size', label: 'hidden_size' },
  { name: 'num_hidden_layers', label: 'num_hidden_layers' },
  { name: 'num_attention_heads', label: 'num_attention_heads' },
  { name: 'num_key_value_heads', label: 'num_key_value_heads' },
  { name: 'head_dim', label: 'head_dim' },
  { name: 'intermediate_size', label: 'intermediate_size' },
];

/** Start from a checkpoint, or from a new model of a chosen size. */
export function ModelKnobs() {
  const draft = useLab((state) => state.draft);
  const facts = useLab((state) => state.facts);
  const edit = useLab((state) => state.edit);
  const revert = useRevert();
  const { model } = draft;
  const config = draftModel(draft, facts);
  const resetModel = () =>
    revert((recipe, from) => {
      recipe.model = from.model;
      recipe.tokenizer = from.tokenizer;
    });
  const startFrom = (choice: string) =>
    edit((recipe) => {
      if (choice !== '') {
        recipe.model = { checkpoint: choice };
        delete recipe.tokenizer;
        return;
      }
      const present = 'checkpoint' in recipe.model ? checkpointShape(recipe.model.checkpoint, facts) : undefined;
      const tokenizer = facts?.tokenizers.find(({ vocabSize }) => vocabSize === present?.vocab_size) ?? facts?.tokenizers[0];
      recipe.model = { shape: shapeAtDial(2, tokenizer?.vocabSize ?? 259) };
      recipe.tokenizer = tokenizer?.name ?? 'bytes';
    });
  return (
    <>
      <Field path={'checkpoint' in model ? 'model.checkpoint' : 'model.shape.hidden_size'} onReset={resetModel}>
        <label className="row">
          <span>Start from</span>
          <select value={'checkpoint' in model ? model.checkpoint : ''} onChange={(event) => startFrom(event.target.value)}>
            {(facts?.checkpoints ?? []).map(({ name, title, contextLength }) => (
              <option key={name} value={name}>
                {title} ({contextLength} tokens)
              </option>
            ))}
            {'checkpoint' in model && !facts?.checkpoints.some(({ name }) => name === model.checkpoint) && (
              <option value={model.checkpoint}>{model.checkpoint}</option>
            )}
            <option value="">a new model</option>
          </select>
        </label>
      </Field>
      {'shape' in model && <NewModel shape={model.shape} />}
      {config && (
        <p className="hint">
          {formatCount(parameterCount(config))} parameters: {config.numHiddenLayers} layers, hidden {config.hiddenSize},{' '}
          {config.numAttentionHeads} heads ({config.numKeyValueHeads} key/value) of {config.headDim}, vocabulary{' '}
          {config.vocabSize}
        </p>
      )}
      <Precision />
    </>
  );
}

function Precision() {
  const precision = useLab((state) => state.draft.precision);
  const adapter = useLab((state) => state.facts?.adapter);
  const edit = useLab((state) => state.edit);
  const revert = useRevert();
  const isMissing = adapter !== undefined && !adapter.features.includes('shader-f16');
  return (
    <Field
      path="precision"
      explain={<Explain id="precision" />}
      onReset={() => revert((draft, from) => void (draft.precision = from.precision))}
    >
      <label className="row">
        <span>Precision</span>
        <select
          value={precision}
          aria-describedby={isMissing ? 'precision-missing' : undefined}
          onChange={(event) => edit((draft) => void (draft.precision = event.target.value as Recipe['precision']))}
        >
          <option value="float32">float32</option>
          <option value="float16" disabled={isMissing}>
            float16
          </option>
        </select>
      </label>
      {isMissing && (
        <p id="precision-missing" className="hint">
          float16 needs the feature shader-f16, which this adapter does not have.
        </p>
      )}
    </Field>
  );
}

function NewModel({ shape }: { shape: ModelShape }) {
  const tokenizer = useLab((state) => state.draft.tokenizer);
  const tokenizers = useLab((state) => state.facts?.tokenizers);
  const edit = useLab((state) => state.edit);
  const dial = dialOf(shape);
  const setShape = (next: ModelShape) => edit((recipe) => void (recipe.model = { shape: next }));
  return (
    <>
      <label className="row">
        <span>Size</span>
        <input
          type="range"
          className="slider"
          min={1}
          max={DIAL_STEPS}
          value={dial ?? Math.min(Math.max(Math.round(shape.hidden_size / 64), 1), DIAL_STEPS)}
          aria-valuetext={`${formatCount(shape.hidden_size)} wide, ${shape.num_hidden_layers} layers`}
          onChange={(event) => setShape(shapeAtDial(Number(event.target.value), shape.vocab_size))}
        />
        <output>{dial ?? 'custom'}</output>
      </label>
      <label className="row">
        <span>Tokenizer</span>
        <select
          value={tokenizer}
          onChange={(event) => {
            const chosen = tokenizers?.find(({ name }) => name === event.target.value);
            if (!chosen) return;
            edit((recipe) => {
              recipe.tokenizer = chosen.name;
              recipe.model = { shape: { ...shape, vocab_size: chosen.vocabSize } };
            });
          }}
        >
          {(tokenizers ?? []).map(({ name, vocabSize }) => (
            <option key={name} value={name}>
              {name} ({vocabSize})
            </option>
          ))}
        </select>
      </label>
      <details className="advanced">
        <summary>Advanced</summary>
        {ADVANCED.map(({ name, label }) => (
          <NumberField
            key={name}
            label={label}
            whole
            min={1}
            value={Number(shape[name])}
            onChange={(value) => setShape({ ...shape, [name]: value })}
          />
        ))}
      </details>
    </>
  );
}
