import { InputError } from '../../core/errors';
import type { Rng } from '../../core/rng';
import type { TokenDocument } from '../corpus';
import { independentRows, type RowSource } from '../rowSource';
import type { Tokenizer } from '../tokenizer';
import { Filler, FillerPool } from './filler';
import { type Phrase, writePhrases } from './phrase';

/**
 * Rows of natural text in which spans come twice, a log-uniform gap apart. Half of the spans are random tokens, which only
 * copying predicts: they weigh 0 the first time. The first token of any span comes unannounced and weighs 0.
 */

/** One repeated span for about this many tokens of a row. */
const TOKENS_PER_SPAN = 192;
const MIN_SPAN = 6;
const MAX_SPAN = 32;
const MIN_ROW = 16;
/** Repeats are spread over the row from this share of it on. */
const FIRST_REPEAT = 0.35;

export function copyRows(tokenizer: Tokenizer, documents: readonly TokenDocument[], name = 'copy'): RowSource {
  const pool = new FillerPool(documents);
  const textIds = Array.from(tokenizer.tokenBytes.keys()).filter((id) => tokenizer.tokenBytes[id] > 0);
  return independentRows(name, (row, rng) => {
    if (row.length < MIN_ROW)
      throw new InputError('copied spans', `rows of at least ${MIN_ROW} tokens`, row.length, 'use longer rows');
    const phrases = planSpans(row.length, rng, pool, textIds);
    writePhrases(row, phrases, tokenizer, new Filler(pool, rng));
  });
}

function planSpans(length: number, rng: Rng, pool: FillerPool, textIds: readonly number[]): Phrase[] {
  const count = Math.max(1, Math.round(length / TOKENS_PER_SPAN));
  const longest = Math.min(MAX_SPAN, Math.floor(length / 8));
  const shortest = Math.min(MIN_SPAN, longest);
  return Array.from({ length: count }, (_, i) => {
    const size = shortest + rng.integer(longest - shortest + 1);
    const isRandom = rng.uniform() < 0.5;
    const natural = new Filler(pool, rng);
    const ids = Array.from({ length: size }, () => (isRandom ? textIds[rng.integer(textIds.length)] : natural.next()));
    const at = Math.max(size, length * (FIRST_REPEAT + ((1 - FIRST_REPEAT) * (i + rng.uniform())) / count) - size);
    const gap = rng.logUniform(size, at);
    const weights = (first: number) => ids.map((_id, j) => (j === 0 ? 0 : first));
    return [
      { ids, weights: weights(isRandom ? 0 : 1), desired: at - gap },
      { ids, weights: weights(1), desired: at },
    ];
  }).flat();
}
