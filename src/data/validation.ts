import type { Batch } from '../core/batch';
import { InputError } from '../core/errors';
import { Rng } from '../core/rng';
import type { Corpus } from './corpus';
import { planEpoch, writePlannedRow } from './documentRows';
import { emptyBatch, RowWriter } from './rowSource';

/**
 * Fixed windows of a source's held-out documents, the same for every run that asks for the same (source, rows, length, seed):
 * BOS and consecutive tokens of one document where documents are long enough, packed documents after those run out.
 * When a source holds fewer than `rows` windows, they come again from the first.
 */
export function validationWindows(corpus: Corpus, sourceName: string, rows: number, length: number, seed = 0): Batch {
  const source = corpus.sources.find(({ name }) => name === sourceName);
  if (!source) {
    const names = corpus.sources.map(({ name }) => name).join(', ');
    throw new InputError('validation windows', `a loaded source (${names})`, sourceName, 'load it with the corpus');
  }
  if (length < 2)
    throw new InputError('validation windows', 'rows of at least 2 tokens', length, 'raise probes.base_length or the row length');
  const plan = planEpoch(source.validation, length, Rng.of(seed, `validation/${sourceName}/length ${length}`));
  if (plan.rowCount === 0)
    throw new InputError(
      'validation windows',
      `held-out text in ${sourceName}`,
      'none',
      'add documents to it or choose another source',
    );
  const batch = emptyBatch(rows, length);
  for (let row = 0; row < rows; row++)
    writePlannedRow(plan, row % plan.rowCount, source.validation, corpus.tokenizer.bosId, new RowWriter(batch, row));
  return batch;
}
