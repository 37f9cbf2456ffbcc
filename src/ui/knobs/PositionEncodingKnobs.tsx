import { useDeferredValue, useMemo } from 'react';
import {
  type EncodingField,
  encodingOf,
  inverseFrequencies,
  positionEncodings,
  type RopeType,
  ropeTypes,
} from '../../core/positionEncoding';
import type { Recipe } from '../../core/recipe';
import { firstNegativeDistance, smallestSafeBase } from '../../core/ropeTheory';
import { draftModel, longestStage } from '../../store/recipe/draftModel';
import { shortValue } from '../../store/recipe/recipeFields';
import { Explain, ExplainText } from '../controls/Explain';
import { Field, useRevert } from '../controls/Field';
import { LogSlider } from '../controls/LogSlider';
import { NumberField } from '../controls/NumberField';
import { formatInteger } from '../format';
import { useLab } from '../labContext';
import { EncodingListKnob, LayersWithoutRotation, PartialRotary, rotaryPairs } from './EncodingListKnobs';

type RopeParameters = Recipe['rope_parameters'];

/** Lowest base on the slider; the numeric field goes further down. */
const SLIDER_MIN_BASE = 1000;

/** The kind of encoding, its own fields, and what its base implies at the longest stage. */
export function PositionEncodingKnobs() {
  const rope = useLab((state) => state.draft.rope_parameters);
  const edit = useLab((state) => state.edit);
  const revert = useRevert();
  const facts = useLab((state) => state.facts);
  const headDim = useLab((state) => draftModel(state.draft, facts)?.headDim);
  const entry = encodingOf(rope);
  return (
    <>
      <Field
        path="rope_parameters.rope_type"
        explain={
          <ExplainText
            explanation={{
              title: entry.label,
              formula: entry.formula,
              text: 'b = rope_theta, d = dims of a head that turn, s = factor, L = original context, T = row length.',
              source: entry.citation,
            }}
          />
        }
        onReset={() => revert((draft, from) => void (draft.rope_parameters = from.rope_parameters))}
      >
        <label className="row">
          <span>Kind</span>
          <select
            value={rope.rope_type}
            onChange={(event) =>
              edit((draft) => {
                draft.rope_parameters = defaultsOf(event.target.value as RopeType, draft.rope_parameters, headDim);
              })
            }
          >
            {ropeTypes().map((kind) => (
              <option key={kind} value={kind}>
                {positionEncodings[kind].label}
              </option>
            ))}
          </select>
        </label>
      </Field>
      {entry.fields.map((field) => (
        <EncodingKnob key={field.name} field={field} rope={rope} />
      ))}
      {entry.lists?.map((list) => (
        <EncodingListKnob key={list.name} list={list} rope={rope} headDim={headDim} />
      ))}
      {rope.rope_type !== 'nope' && (
        <>
          <PartialRotary rope={rope} headDim={headDim} />
          <LayersWithoutRotation rope={rope} />
          <BaseHint />
        </>
      )}
    </>
  );
}

function EncodingKnob({ field, rope }: { field: EncodingField; rope: RopeParameters }) {
  const edit = useLab((state) => state.edit);
  const revert = useRevert();
  const value = parameterOf(rope, field.name) ?? field.default;
  const isBase = field.name === 'rope_theta';
  const set = (next: number) =>
    edit((draft) => {
      draft.rope_parameters = { ...draft.rope_parameters, [field.name]: next } as RopeParameters;
    });
  const whole = field.name === 'original_max_position_embeddings';
  return (
    <Field
      path={`rope_parameters.${field.name}`}
      explain={isBase ? <Explain id="ropeBase" /> : undefined}
      onReset={() =>
        revert((draft, from) => {
          const old = parameterOf(from.rope_parameters, field.name) ?? field.default;
          draft.rope_parameters = { ...draft.rope_parameters, [field.name]: old } as RopeParameters;
        })
      }
    >
      <NumberField
        label={field.label}
        value={value}
        min={isBase ? 1.001 : field.min}
        max={field.max}
        whole={whole}
        testId={isBase ? 'rope-base' : undefined}
        onChange={set}
      />
      <LogSlider
        label={`${field.label}, slider`}
        value={value}
        min={isBase ? SLIDER_MIN_BASE : field.min}
        max={field.max}
        log={field.log}
        valueText={shortValue(value)}
        testId={isBase ? 'rope-base-slider' : undefined}
        onChange={(next) => set(whole ? Math.round(next) : next)}
      />
    </Field>
  );
}

/** First distance with B(m) < 0, and the smallest base without one: a hint, never a block. */
function BaseHint() {
  const draft = useLab((state) => state.draft);
  const facts = useLab((state) => state.facts);
  const headDim = draftModel(draft, facts)?.headDim;
  const length = longestStage(draft);
  const rope = useDeferredValue(draft.rope_parameters);
  const negative = useMemo(() => (headDim ? firstNegativeOf(rope, headDim, length) : undefined), [rope, headDim, length]);
  const safe = useMemo(() => (headDim ? smallestSafeBase(headDim, length) : null), [headDim, length]);
  if (!headDim || negative === undefined) return null;
  return (
    <p className={negative === null ? 'hint hint-base' : 'hint hint-base hint-warn'}>
      <span>
        {negative === null ? (
          <>B(m) ≥ 0 up to {formatInteger(length)} tokens</>
        ) : (
          <>
            B(m) &lt; 0 first at m = <b>{formatInteger(negative)}</b> of {formatInteger(length)}
          </>
        )}
        {safe !== null && (
          <>
            ; plain RoPE needs a base of about <b>{shortValue(Number(safe.toPrecision(2)))}</b>
          </>
        )}{' '}
        <span className="muted">(head_dim {headDim})</span>
      </span>
    </p>
  );
}

function parameterOf(rope: RopeParameters, name: string): number | undefined {
  return (rope as unknown as Record<string, number | undefined>)[name];
}

/** Undefined where the encoding does not fit the head; the plan says why. */
function firstNegativeOf(rope: RopeParameters, headDim: number, length: number): number | null | undefined {
  try {
    const { inverseFrequencies: theta, decay } = inverseFrequencies(rope, headDim, length);
    return firstNegativeDistance(theta, length, decay);
  } catch {
    return undefined;
  }
}

/** Another kind keeps the values it shares with the present one, and the base for the way back. */
function defaultsOf(kind: RopeType, present: RopeParameters, headDim: number | undefined): RopeParameters {
  const { rope_theta, partial_rotary_factor, nope_layers } = present;
  const { fields, lists = [] } = positionEncodings[kind];
  const pairs = rotaryPairs(present, headDim);
  return {
    rope_type: kind,
    rope_theta,
    ...Object.fromEntries(fields.map(({ name, default: fallback }) => [name, parameterOf(present, name) ?? fallback])),
    ...Object.fromEntries(lists.map((list) => [list.name, new Array(pairs).fill(list.default)])),
    ...(partial_rotary_factor !== undefined && { partial_rotary_factor }),
    ...(nope_layers && { nope_layers }),
  } as RopeParameters;
}
