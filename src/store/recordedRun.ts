import { InputError } from '../core/errors';
import { inputErrorFrom, parseRecipe } from '../core/recipe';
import type { RecordedRun } from '../core/records';
import { z } from '../core/zod';

const progress = { step: z.number(), tokens: z.number(), flops: z.number(), seconds: z.number() };

/** As much of a record as tells its kind and place; the rest is drawn as it is. */
const recordSchema = z.looseObject({ type: z.enum(['step', 'validation', 'attention', 'retrieval', 'note']), ...progress });

const recordedSchema = z.looseObject({
  version: z.literal(1),
  run: z.looseObject({
    id: z.string().min(1),
    name: z.string(),
    recipe: z.unknown(),
    status: z.enum(['ready', 'training', 'paused', 'finished', 'failed']),
    plan: z.looseObject({ parameters: z.number() }),
    adapter: z.string(),
    start: z.object(progress),
  }),
  records: z.array(recordSchema),
});

/**
 * Checks a run file as a whole before any of it is shown.
 * @throws InputError that names the first field that is wrong.
 */
export function parseRecordedRun(value: unknown): RecordedRun {
  const result = recordedSchema.safeParse(value);
  if (!result.success) throw inputErrorFrom('recorded run', result.error);
  parseRecipe(result.data.run.recipe);
  const attention = result.data.records.find(
    (record) => record.type === 'attention' && !Array.isArray((record as { histogram?: unknown }).histogram),
  );
  if (attention)
    throw new InputError(
      'recorded run',
      'a histogram in every attention record',
      `none at step ${attention.step}`,
      'record the run again',
    );
  return value as RecordedRun;
}
