import type { RowWriter } from '../rowSource';
import type { Tokenizer } from '../tokenizer';
import type { Filler } from './filler';

/** Tokens planted into natural text. */
export interface Phrase {
  ids: readonly number[];
  /** Target weight of each token: 0 for what nothing before it foretells. */
  weights: readonly number[];
  /** Where in the row it would like to begin; phrases keep their order and never overlap. */
  desired: number;
  /** Written as natural text of the same length instead: the control of a probe. */
  isBlanked?: boolean;
}

/** A phrase waits at most this many tokens for the end of a word. */
const MAX_WAIT = 12;

/**
 * Writes a row of one segment: BOS, natural text, and the phrases in order of `desired`, each as near to it as those around
 * it allow. Returns the position where each phrase begins, in the order given. BOS and the phrases must fit the row.
 * Blanked phrases are filled from `blanks`, so that the text around them stays the same. Text ends after `length` tokens.
 */
export function writePhrases(
  row: RowWriter,
  phrases: readonly Phrase[],
  { bosId, startsWord }: Pick<Tokenizer, 'bosId' | 'startsWord'>,
  filler: Filler,
  blanks = filler,
  length = row.length,
): number[] {
  const order = phrases.map((_, i) => i).sort((a, b) => phrases[a].desired - phrases[b].desired || a - b);
  const starts = new Array<number>(phrases.length);
  let stillToCome = phrases.reduce((sum, { ids }) => sum + ids.length, 0);
  row.startSegment(bosId);
  for (const i of order) {
    const { ids, weights, desired, isBlanked } = phrases[i];
    const latest = length - stillToCome;
    while (row.written < Math.min(desired, latest)) row.push(filler.next(), 1);
    for (let wait = 0; wait < MAX_WAIT && row.written < latest && !startsWord[filler.peek()]; wait++) row.push(filler.next(), 1);
    starts[i] = row.written;
    ids.forEach((id, j) => {
      if (isBlanked) row.push(blanks.next(), 0);
      else row.push(id, weights[j]);
    });
    stillToCome -= ids.length;
  }
  while (row.written < length) row.push(filler.next(), 1);
  return starts;
}
