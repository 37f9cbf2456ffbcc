import { InputError } from '../../core/errors';
import type { TokenDocument } from '../corpus';
import { independentRows, type RowSource } from '../rowSource';
import type { Tokenizer } from '../tokenizer';
import { Filler, FillerPool } from './filler';

/**
 * Random tokens with the frequencies of text, then text, then the same tokens again, and so on: only looking back foretells the
 * repeats, and nearly every token of a row is one. The first telling and the first token of each repeat weigh 0.
 */

const MIN_SPAN = 4;
/** A span is at most this share of its row, so that most of the row repeats it. */
const MAX_SPAN_SHARE = 1 / 4;
const MIN_ROW = 16;

export function inductionRows(tokenizer: Tokenizer, documents: readonly TokenDocument[], name = 'induction'): RowSource {
  const pool = new FillerPool(documents);
  return independentRows(name, (row, rng) => {
    if (row.length < MIN_ROW)
      throw new InputError('induction', `rows of at least ${MIN_ROW} tokens`, row.length, 'use longer rows');
    const filler = new Filler(pool, rng);
    const longest = Math.floor(row.length * MAX_SPAN_SHARE);
    const size = MIN_SPAN + rng.integer(longest - MIN_SPAN + 1);
    const span = Array.from({ length: size }, () => new Filler(pool, rng).next());
    const fill = (count: number) => {
      for (let i = 0; i < count; i++) row.push(filler.next(), 1);
    };
    row.startSegment(tokenizer.bosId);
    for (const id of span) row.push(id, 0);
    for (;;) {
      // Log-uniform, from no gap at all.
      fill(Math.min(row.free, Math.floor(rng.logUniform(1, row.length / 2)) - 1));
      if (row.free < size) break;
      span.forEach((id, i) => {
        row.push(id, i === 0 ? 0 : 1);
      });
    }
    fill(row.free);
  });
}
