import { InputError } from '../../core/errors';
import { inputErrorFrom } from '../../core/recipe';
import { z } from '../../core/zod';

/** The golden files' formats, as their README states them. Unknown fields are left alone; a missing or malformed one is refused. */
const ids = z.array(z.array(z.number().int().min(0)).min(1)).min(1);
const rope = z.record(z.string(), z.unknown());
const numbers = z.array(z.number());

const forwardSchema = z.object({
  ids,
  documents: z.record(z.string(), ids),
  rope: z.record(z.string(), z.object({ inv_freq: numbers, attention_factor: z.number() })),
  cases: z.array(
    z.object({
      case: z.string(),
      rope,
      documents: z.string(),
      loss: z.number(),
      logits_last: numbers,
      loss_by_position: numbers,
    }),
  ),
});

const attentionSchema = z.object({
  ids,
  layers: z.array(
    z.object({
      layer: z.number().int(),
      mean_distance: numbers,
      entropy: numbers,
      first_token_mass: numbers,
      mass_by_distance_head0: numbers,
    }),
  ),
});

const gradientsSchema = z.object({
  ids,
  documents: ids,
  loss: z.number(),
  gradients: z.record(z.string(), z.object({ shape: numbers, norm: z.number(), first: numbers, last: numbers })),
});

const trainSchema = z.object({
  optimizer: z.object({
    lr: z.number(),
    betas: z.tuple([z.number(), z.number()]),
    eps: z.number(),
    weight_decay: z.number(),
    clip: z.number(),
  }),
  batches: z.array(ids).min(1),
  steps: z.array(z.object({ loss: z.number(), grad_norm: z.number() })),
});

export type GoldenForward = z.infer<typeof forwardSchema>;
export type GoldenAttention = z.infer<typeof attentionSchema>;
export type GoldenGradients = z.infer<typeof gradientsSchema>;
export type GoldenTrain = z.infer<typeof trainSchema>;

export interface Golden {
  forward?: GoldenForward;
  attention?: GoldenAttention;
  gradients?: GoldenGradients;
  train?: GoldenTrain;
}

const SCHEMAS = {
  forward: forwardSchema,
  attention: attentionSchema,
  gradients: gradientsSchema,
  train: trainSchema,
} as const;

export const GOLDEN_FILES = Object.keys(SCHEMAS).map((name) => `${name}.json`);

/** Parses what a folder holds of the golden files, by file name; at least one must be there. */
export function parseGolden(files: ReadonlyMap<string, string>): Golden {
  const golden: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    const text = files.get(`${name}.json`);
    if (text === undefined) continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new InputError(`${name}.json`, 'JSON', (error as Error).message, 'check that the file is complete');
    }
    const result = schema.safeParse(value);
    if (!result.success) throw inputErrorFrom(`${name}.json`, result.error);
    golden[name] = result.data;
  }
  if (!Object.keys(golden).length)
    throw new InputError(
      'golden folder',
      `at least one of ${GOLDEN_FILES.join(', ')}`,
      'none of them',
      'name the folder that holds them',
    );
  return golden;
}
