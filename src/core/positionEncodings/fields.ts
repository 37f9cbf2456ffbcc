/** Parameters that several encodings share: as schemas, with messages that name the field, and as input controls. */
import { z } from '../zod';
import type { EncodingField } from './types';

export const above0 = (name: string) => z.number({ error: `${name} must be a number` }).gt(0, `${name} must be above 0`);
export const factor = z.number({ error: 'factor must be a number' }).min(1, 'factor must be at least 1');
export const original_max_position_embeddings = z
  .number({ error: 'original_max_position_embeddings must be a number' })
  .int('original_max_position_embeddings must be a whole number')
  .min(1, 'original_max_position_embeddings must be at least 1');

/**
 * What every encoding takes. `partial_rotary_factor`: the share of a head's dims that turns; the rest stays as projected.
 * `nope_layers`: layers without any rotation, counted from 0 (NoPE layers of iRoPE, Llama 4).
 */
export const shared = {
  rope_theta: z.number({ error: 'rope_theta must be a number' }).gt(1, 'rope_theta must be above 1').default(10_000),
  partial_rotary_factor: above0('partial_rotary_factor').max(1, 'partial_rotary_factor must be at most 1').optional(),
  nope_layers: z
    .array(
      z
        .number({ error: 'nope_layers must hold layer numbers' })
        .int('nope_layers must hold whole numbers')
        .min(0, 'nope_layers must hold layer numbers from 0'),
      { error: 'nope_layers must be a list of layer numbers' },
    )
    .optional(),
};

export const defaultSchema = z.strictObject({ rope_type: z.literal('default'), ...shared });

export const baseField: EncodingField = {
  name: 'rope_theta',
  label: 'RoPE base',
  min: 100,
  max: 1e9,
  log: true,
  default: 10_000,
};
export const factorField: EncodingField = {
  name: 'factor',
  label: 'Extension factor',
  min: 1,
  max: 64,
  log: true,
  default: 8,
};
export const originalField: EncodingField = {
  name: 'original_max_position_embeddings',
  label: 'Original context (tokens)',
  min: 16,
  max: 1_048_576,
  log: true,
  default: 128,
};
