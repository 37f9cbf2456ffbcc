/** Encodings that stretch all frequencies by one rule: plain RoPE, PI, NTK-aware. */
import { z } from '../zod';
import { baseField, defaultSchema, factor, factorField, original_max_position_embeddings, originalField, shared } from './fields';
import { geometric, ntkBase, plain, sharedTables } from './tables';
import { encoding } from './types';

export const rope = encoding({
  label: 'RoPE, adjustable base',
  formula: 'θ_j = b^(−2j/d)',
  citation: 'Su et al. 2021, arXiv 2104.09864; adjusted base (ABF): Xiong et al. 2023, arXiv 2309.16039',
  fields: [baseField],
  schema: defaultSchema,
  frequencies: (rope, d) => plain(geometric(rope.rope_theta, d)),
  tables: sharedTables,
});

export const linear = encoding({
  label: 'Position interpolation (PI)',
  formula: 'θ_j = b^(−2j/d) / s',
  citation: 'Chen et al. 2023, arXiv 2306.15595',
  fields: [baseField, factorField],
  schema: z.strictObject({ rope_type: z.literal('linear'), ...shared, factor }),
  frequencies: (rope, d) => plain(geometric(rope.rope_theta, d).map((theta) => theta / rope.factor)),
  tables: sharedTables,
});

export const ntk = encoding({
  label: 'NTK-aware base, static',
  formula: 'b′ = b s^(d/(d−2)), θ_j = b′^(−2j/d)',
  citation: 'bloc97 2023; in Peng et al. 2023, arXiv 2309.00071, section 3.1',
  fields: [baseField, factorField],
  schema: z.strictObject({ rope_type: z.literal('ntk'), ...shared, factor }),
  frequencies: (rope, d) => plain(geometric(ntkBase(rope.rope_theta, rope.factor, d), d)),
  tables: sharedTables,
  exportAs: ({ factor, ...rest }, d) => ({ ...rest, rope_type: 'default', rope_theta: ntkBase(rest.rope_theta, factor, d) }),
});

export const dynamic = encoding({
  label: 'NTK-aware base, dynamic',
  formula: 'b′ = b (s max(T, L)/L − (s − 1))^(d/(d−2)), θ_j = b′^(−2j/d)',
  citation: 'emozilla 2023; in Peng et al. 2023, arXiv 2309.00071, section 3.3',
  fields: [baseField, { ...factorField, default: 2 }, originalField],
  schema: z.strictObject({ rope_type: z.literal('dynamic'), ...shared, factor, original_max_position_embeddings }),
  frequencies(rope, d, length) {
    const original = rope.original_max_position_embeddings;
    const stretch = (rope.factor * Math.max(length, original)) / original - (rope.factor - 1);
    return plain(geometric(ntkBase(rope.rope_theta, stretch, d), d));
  },
  tables: sharedTables,
});
