import { useState } from 'react';
import { type EncodingList, type RopeParameters, rotaryDim } from '../../core/positionEncoding';
import { draftModel } from '../../store/recipe/draftModel';
import { Field, useRevert } from '../controls/Field';
import { NumberField } from '../controls/NumberField';
import { NumberListField } from '../controls/NumberListField';
import { useLab } from '../labContext';

interface KnobProps {
  rope: RopeParameters;
  headDim: number | undefined;
}

/** Head size to begin lists with while the model is not known, e.g. without a GPU. */
const USUAL_HEAD_DIM = 32;

/** Pairs of a head that turn; as if all did where the share that turns does not fit the head. */
export function rotaryPairs(rope: RopeParameters, headDim = USUAL_HEAD_DIM): number {
  try {
    return rotaryDim(rope, headDim) / 2;
  } catch {
    return headDim / 2;
  }
}

/** One number per rotary pair. */
export function EncodingListKnob({ list, rope, headDim }: KnobProps & { list: EncodingList }) {
  const pairs = headDim && rotaryPairs(rope, headDim);
  const fresh = () => new Array<number>(rotaryPairs(rope, headDim)).fill(list.default);
  const { values, set, reset } = useParameter<number[]>(list.name, fresh);
  return (
    <Field path={`rope_parameters.${list.name}`} onReset={reset}>
      <NumberListField
        label={list.label}
        values={values ?? []}
        testId={list.name}
        problemOf={(next) => {
          if (pairs && next.length !== pairs) return `${pairs} numbers, one per rotary pair, not ${next.length}`;
          return next.some((value) => value < list.min) ? `at least ${list.min} each` : undefined;
        }}
        onChange={set}
      />
    </Field>
  );
}

/** The share of a head's dims that turns. */
export function PartialRotary({ rope, headDim }: KnobProps) {
  const { values, set, reset } = useParameter<number>('partial_rotary_factor');
  const [problem, setProblem] = useState<string>();
  return (
    <Field path="rope_parameters.partial_rotary_factor" onReset={reset}>
      <NumberField
        label="Share of dims that turn"
        value={values ?? 1}
        min={0.01}
        max={1}
        testId="partial-rotary"
        onChange={(share) => {
          const dims = headDim && Math.floor(headDim * share);
          const fits = dims === undefined || fitsHead({ ...rope, partial_rotary_factor: share }, headDim);
          setProblem(fits ? undefined : `${dims} of ${headDim} dims; it must be an even number of at least 2`);
          if (fits) set(share === 1 ? undefined : share);
        }}
      />
      {problem && (
        <span className="field-problem" role="alert">
          {problem}
        </span>
      )}
    </Field>
  );
}

/** Layers, counted from 0, whose queries and keys are not rotated. */
export function LayersWithoutRotation({ rope }: Pick<KnobProps, 'rope'>) {
  const { set, reset } = useParameter<number[]>('nope_layers');
  const facts = useLab((state) => state.facts);
  const layers = useLab((state) => draftModel(state.draft, facts)?.numHiddenLayers);
  return (
    <Field path="rope_parameters.nope_layers" onReset={reset}>
      <NumberListField
        label="Layers without rotation"
        values={rope.nope_layers ?? []}
        placeholder="none"
        testId="nope-layers"
        problemOf={(next) => {
          if (!next.every((layer) => Number.isInteger(layer) && layer >= 0)) return 'whole numbers from 0';
          return layers && next.some((layer) => layer >= layers) ? `0 to ${layers - 1}` : undefined;
        }}
        onChange={(next) => set(next.length ? next : undefined)}
      />
    </Field>
  );
}

/** One field of the encoding that may be absent: undefined takes it away. `fallback` is what a reset finds where the reference has none. */
function useParameter<Value>(name: string, fallback?: () => Value) {
  const values = useLab((state) => read<Value>(state.draft.rope_parameters, name));
  const edit = useLab((state) => state.edit);
  const revert = useRevert();
  const written = (rope: RopeParameters, value: Value | undefined) => {
    const { [name]: _, ...rest } = rope as unknown as Record<string, unknown>;
    return (value === undefined ? rest : { ...rest, [name]: value }) as unknown as RopeParameters;
  };
  return {
    values,
    set: (value: Value | undefined) =>
      edit((draft) => {
        draft.rope_parameters = written(draft.rope_parameters, value);
      }),
    reset: () =>
      revert((draft, from) => {
        draft.rope_parameters = written(draft.rope_parameters, read<Value>(from.rope_parameters, name) ?? fallback?.());
      }),
  };
}

function read<Value>(rope: RopeParameters, name: string): Value | undefined {
  return (rope as unknown as Record<string, Value | undefined>)[name];
}

function fitsHead(rope: RopeParameters, headDim: number | undefined): boolean {
  if (headDim === undefined) return true;
  try {
    rotaryDim(rope, headDim);
    return true;
  } catch {
    return false;
  }
}
