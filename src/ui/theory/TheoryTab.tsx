import { useState } from 'react';
import { type InverseFrequencies, inverseFrequencies, type RopeParameters } from '../../core/positionEncoding';
import { granularity, granularityLimit } from '../../core/ropeTheory';
import { baseLength, draftModel, longestStage } from '../../store/recipe/draftModel';
import { Explain } from '../controls/Explain';
import { formatInteger } from '../format';
import { useLab } from '../labContext';
import { DecayPlot } from './DecayPlot';
import { SweepPanel } from './SweepPanel';
import { Wavelengths } from './Wavelengths';

const HEAD_DIMS = [8, 16, 32, 48, 64, 80, 96, 128];

/** Head size to draw with while the model is not known, e.g. without a GPU. */
const USUAL_HEAD_DIM = 32;

/** What the chosen position encoding implies before anything is trained. */
export default function TheoryTab() {
  const draft = useLab((state) => state.draft);
  const facts = useLab((state) => state.facts);
  const model = draftModel(draft, facts);
  const [chosen, setChosen] = useState<number>();
  const headDim = chosen ?? model?.headDim ?? USUAL_HEAD_DIM;
  const target = longestStage(draft);
  const base = baseLength(draft, facts);
  const chosenEncoding = frequenciesOf(draft.rope_parameters, headDim, target);
  const { inverseFrequencies: theta, decay } = chosenEncoding ?? { inverseFrequencies: new Float64Array(headDim / 2) };
  const plain = inverseFrequencies({ rope_type: 'default', rope_theta: 10_000 }, headDim, target).inverseFrequencies;
  const limit = printedLimit(draft.rope_parameters);
  return (
    <div className="theory">
      <p className="theory-head">
        <label>
          head_dim{' '}
          <select value={headDim} onChange={(event) => setChosen(Number(event.target.value))}>
            {[...new Set([...HEAD_DIMS, headDim])]
              .sort((a, b) => a - b)
              .map((value) => (
                <option key={value} value={value}>
                  {value}
                  {value === model?.headDim ? ' (this model)' : ''}
                </option>
              ))}
          </select>
        </label>
        <span>
          base length <b>{formatInteger(base)}</b>, target <b>{formatInteger(target)}</b>
        </span>
        {!chosenEncoding && (
          <span className="field-problem" role="alert">
            this encoding’s parameters do not fit head_dim {headDim}; drawn without rotation
          </span>
        )}
        <span>
          granularity <b>{granularity(theta).toFixed(4)}</b>{' '}
          <span className="muted">
            plain RoPE {granularity(plain).toFixed(4)}
            {limit !== undefined && `, the paper’s limit for wide heads ${limit.toFixed(4)}`}
          </span>{' '}
          <Explain id="granularity" />
        </span>
      </p>
      <section className="panel wavelengths" aria-label="Rotary wavelengths">
        <header className="panel-head">
          <h2>Rotary wavelengths</h2>
          <Explain id="wavelength" />
        </header>
        <Wavelengths theta={theta} plain={plain} base={base} target={target} />
      </section>
      <section className="panel" aria-label="Decay of the all-ones score">
        <header className="panel-head">
          <h2>Decay of the all-ones score A(m)</h2>
          <Explain id="decay" />
        </header>
        <DecayPlot quantity="A" theta={theta} decay={decay} plain={plain} base={base} target={target} />
      </section>
      <section className="panel" aria-label="B of m">
        <header className="panel-head">
          <h2>B(m)</h2>
          <Explain id="baseBound" />
        </header>
        <DecayPlot quantity="B" theta={theta} decay={decay} plain={plain} base={base} target={target} />
      </section>
      <SweepPanel />
    </div>
  );
}

/** Of the two encodings that the paper's Theorem 1 is about. */
function printedLimit(rope: RopeParameters): number | undefined {
  if (rope.rope_type === 'default') return granularityLimit(1, rope.rope_theta).limit;
  if (rope.rope_type === 'linear') return granularityLimit(1 / rope.factor, rope.rope_theta).limit;
  return undefined;
}

/** Undefined where lists or the share of dims that turns do not fit this head_dim. */
function frequenciesOf(rope: RopeParameters, headDim: number, length: number): InverseFrequencies | undefined {
  try {
    return inverseFrequencies(rope, headDim, length);
  } catch {
    return undefined;
  }
}
