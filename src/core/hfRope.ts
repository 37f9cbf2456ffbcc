/**
 * Position encodings in Hugging Face config.json, both ways. Version 5 of transformers keeps them in `rope_parameters`; version 4 in a
 * top-level `rope_theta` and a `rope_scaling` that is null or {rope_type | type, ...}.
 *
 * The lab's checkpoints are config.json too, also of encodings that transformers does not have. Those are written under a rope_type that
 * transformers does not know, so that it refuses them (a KeyError of ROPE_INIT_FUNCTIONS) instead of computing something else.
 */
import { InputError } from './errors';
import {
  encodingOf,
  positionEncodings,
  type RopeParameters,
  type RopeType,
  ropeParametersSchema,
  ropeTypes,
  rotaryDim,
} from './positionEncoding';

export interface HfRopeFields {
  rope_theta: number;
  /** `rope_type` may carry the prefix `ropewalk:`. */
  rope_scaling: object | null;
  rope_parameters: object;
}

/** Base that transformers assumes when a config names none. */
const DEFAULT_ROPE_THETA = 10_000;

/** Before a rope_type that transformers knows, where other fields say what it would get wrong. */
const OWN = 'ropewalk:';

/** Fields that say nothing at these values, and that no entry of the registry takes at any other. */
const WITHOUT_EFFECT: Record<string, unknown> = {
  partial_rotary_factor: 1,
  truncate: true,
  mscale: null,
  mscale_all_dim: null,
  attention_factor: null,
  factor: null,
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
    else if (typeof value === 'object' && value !== null && !Array.isArray(value))
      throw new InputError(
        'config.json',
        `${field}.${name} to be a single value`,
        value,
        'per-layer encodings are not supported',
      );
  }
  const named = rest.rope_type ?? type ?? 'default';
  const isOwn = typeof named === 'string' && named.startsWith(OWN);
  const rope_type = isOwn ? named.slice(OWN.length) : named;
  if (typeof rope_type !== 'string' || !Object.hasOwn(positionEncodings, rope_type))
    throw new InputError('config.json', `${field}.rope_type to be one of ${ropeTypes().join(', ')}`, rope_type, ADVICE);
  const kind = rope_type as RopeType;
  if (!isOwn) refuseWhatDiffers(config, rest, field, kind);
  const given: Record<string, unknown> = { ...rest, rope_type, rope_theta: rest.rope_theta ?? rope_theta ?? DEFAULT_ROPE_THETA };
  if (positionEncodings[kind].fields.some(({ name }) => name === 'original_max_position_embeddings'))
    given.original_max_position_embeddings ??= config.original_max_position_embeddings ?? config.max_position_embeddings;
  // transformers ignores an original context where the kind has no use for it; configs in the wild carry one.
  else delete given.original_max_position_embeddings;
  if (kind === 'longrope') fillLongropeFactor(given, config.max_position_embeddings);
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
  const known = encodingOf(rope).exportAs?.(rope, rotaryDim(rope, headDim)) ?? rope;
  const isPartial = rotaryDim(known, headDim) < headDim;
  const written = isPartial || known.nope_layers?.length ? { ...known, rope_type: `${OWN}${known.rope_type}` } : known;
  return {
    rope_theta: known.rope_theta,
    rope_scaling: written.rope_type === 'default' ? null : written,
    rope_parameters: written,
  };
}

/** What transformers means otherwise than the lab, or not at all; version 4 has partial_rotary_factor beside rope_scaling. */
function refuseWhatDiffers(config: Record<string, unknown>, rope: Record<string, unknown>, field: string, kind: RopeType): void {
  const share = rope.partial_rotary_factor ?? config.partial_rotary_factor ?? 1;
  if (share !== 1)
    throw new InputError(
      'config.json',
      'partial_rotary_factor to be absent or 1',
      share,
      'transformers turns pairs (i, i + rotary_dim/2) and the lab (i, i + head_dim/2), so rows of q_proj and k_proj would have to be permuted',
    );
  // xPos and NoPE are the lab's own by name.
  if (rope.nope_layers !== undefined && kind !== 'xpos' && kind !== 'nope')
    throw new InputError(
      'config.json',
      `no ${field}.nope_layers, which transformers ignores`,
      rope.nope_layers,
      `remove it, or write rope_type as ${OWN}${kind} if the model was trained with it`,
    );
}

/** transformers takes s from the longest context where no factor says it, and the lab from the row, which varies. */
function fillLongropeFactor(given: Record<string, unknown>, longest: unknown): void {
  const original = given.original_max_position_embeddings;
  if (given.factor !== undefined || given.attention_factor !== undefined) return;
  if (typeof longest === 'number' && typeof original === 'number') given.factor = Math.max(longest / original, 1);
}
