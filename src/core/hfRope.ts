/**
 * Position encodings in Hugging Face config.json, both ways. Version 5 of transformers keeps them in `rope_parameters`; version 4 in a
 * top-level `rope_theta` and a `rope_scaling` that is null or {rope_type | type, ...}.
 */
import { InputError } from './errors';
import { encodingOf, positionEncodings, type RopeParameters, ropeParametersSchema, ropeTypes } from './positionEncoding';

export interface HfRopeFields {
  rope_theta: number;
  rope_scaling: RopeParameters | null;
  rope_parameters: RopeParameters;
}

/** Base that transformers assumes when a config names none. */
const DEFAULT_ROPE_THETA = 10_000;

/** Fields that say nothing at these values, and that no entry of the registry takes at any other. */
const WITHOUT_EFFECT: Record<string, unknown> = {
  partial_rotary_factor: 1,
  truncate: true,
  mscale: null,
  mscale_all_dim: null,
  attention_factor: null,
};

const ADVICE = `use one of ${ropeTypes().join(', ')}, with the fields transformers documents for it`;

/** Reads the position encoding out of a parsed config.json, either version's form. */
export function parseHfRope(config: Record<string, unknown>): RopeParameters {
  const { rope_theta, rope_scaling, rope_parameters } = config;
  const source = rope_parameters ?? rope_scaling ?? {};
  const field = rope_parameters != null ? 'rope_parameters' : 'rope_scaling';
  if (typeof source !== 'object' || Array.isArray(source))
    throw new InputError('config.json', `${field} to be an object or null`, source, ADVICE);
  const { type, ...rest } = source as Record<string, unknown>;
  for (const [name, value] of Object.entries(rest)) {
    if (value === WITHOUT_EFFECT[name]) delete rest[name];
    else if (typeof value === 'object' && value !== null)
      throw new InputError(
        'config.json',
        `${field}.${name} to be a single value`,
        value,
        'per-layer encodings are not supported',
      );
  }
  const rope_type = rest.rope_type ?? type ?? 'default';
  const given: Record<string, unknown> = { ...rest, rope_type, rope_theta: rest.rope_theta ?? rope_theta ?? DEFAULT_ROPE_THETA };
  if (typeof rope_type !== 'string' || !Object.hasOwn(positionEncodings, rope_type))
    throw new InputError('config.json', `${field}.rope_type to be one of ${ropeTypes().join(', ')}`, rope_type, ADVICE);
  const kind = rope_type as RopeParameters['rope_type'];
  if (positionEncodings[kind].fields.some(({ name }) => name === 'original_max_position_embeddings'))
    given.original_max_position_embeddings ??= config.original_max_position_embeddings ?? config.max_position_embeddings;
  // transformers ignores an original context where the kind has no use for it; configs in the wild carry one.
  else delete given.original_max_position_embeddings;
  const result = ropeParametersSchema.safeParse(given);
  if (!result.success) {
    const { path, message } = result.error.issues[0];
    throw new InputError('config.json', `${[field, ...path].join('.')} to be valid for rope_type ${rope_type}`, message, ADVICE);
  }
  return result.data;
}

/**
 * The encoding as both versions of transformers read it, with identical values: a reader of one form that finds only the other
 * falls back silently to base 10000.
 */
export function hfRopeFields(rope: RopeParameters, headDim: number): HfRopeFields {
  const known = encodingOf(rope).exportAs?.(rope, headDim) ?? rope;
  return {
    rope_theta: known.rope_theta,
    rope_scaling: known.rope_type === 'default' ? null : known,
    rope_parameters: known,
  };
}
