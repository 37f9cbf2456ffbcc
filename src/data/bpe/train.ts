import { InputError } from '../../core/errors';
import { BYTE_CHARACTERS, WORD_PATTERN } from './byteLevel';

/**
 * Byte-pair encoding (Sennrich et al. 2016) over bytes: starting from the 256 bytes, the most frequent pair inside a word
 * becomes a token, again and again. Ties go to the pair with the smaller ids, so the same texts give the same merges
 * everywhere. Merges come in order, so a prefix of them is the result for a smaller vocabulary.
 */

/** One merge: two spellings in byte characters that join into one token. */
export type Merge = readonly [left: string, right: string];

interface Word {
  tokens: number[];
  count: number;
}

/** Most token ids a pair key can hold: keys are left * MAX_TOKENS + right and must stay exact. */
const MAX_TOKENS = 1 << 20;

/** The first `mergeCount` merges for `texts`. */
export function trainBpe(texts: Iterable<string>, mergeCount: number): Merge[] {
  const words = countWords(texts);
  const pairs = new PairTable(words);
  const spellings = [...BYTE_CHARACTERS];
  const merges: Merge[] = [];
  while (merges.length < mergeCount) {
    const best = pairs.mostFrequent();
    if (best === undefined)
      throw new InputError(
        'BPE training',
        `text with at least ${mergeCount} repeated pairs`,
        merges.length,
        'add text or ask for fewer tokens',
      );
    const [left, right] = [Math.floor(best / MAX_TOKENS), best % MAX_TOKENS];
    pairs.merge(best, spellings.length);
    merges.push([spellings[left], spellings[right]]);
    spellings.push(spellings[left] + spellings[right]);
  }
  return merges;
}

/** Distinct words of the texts with their counts, as byte values, in order of first appearance. */
function countWords(texts: Iterable<string>): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of text.match(WORD_PATTERN) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  const encoder = new TextEncoder();
  return Array.from(counts, ([word, count]) => ({ tokens: [...encoder.encode(word)], count }));
}

/** Frequencies of adjacent pairs, and the words each pair occurs in, kept up to date while pairs merge. */
class PairTable {
  private readonly counts = new Map<number, number>();
  private readonly wordsOf = new Map<number, Set<Word>>();

  constructor(words: Word[]) {
    for (const word of words) this.add(word);
  }

  mostFrequent(): number | undefined {
    let best: number | undefined;
    let bestCount = 0;
    for (const [pair, count] of this.counts)
      if (count > bestCount || (count === bestCount && pair < best!)) {
        best = pair;
        bestCount = count;
      }
    return best;
  }

  merge(pair: number, token: number): void {
    const [left, right] = [Math.floor(pair / MAX_TOKENS), pair % MAX_TOKENS];
    for (const word of this.wordsOf.get(pair) ?? []) {
      this.remove(word);
      word.tokens = joined(word.tokens, left, right, token);
      this.add(word);
    }
  }

  private add(word: Word): void {
    for (const pair of pairsOf(word)) {
      this.counts.set(pair, (this.counts.get(pair) ?? 0) + word.count);
      const words = this.wordsOf.get(pair);
      if (words) words.add(word);
      else this.wordsOf.set(pair, new Set([word]));
    }
  }

  private remove(word: Word): void {
    for (const pair of pairsOf(word)) {
      const left = this.counts.get(pair)! - word.count;
      if (left) this.counts.set(pair, left);
      else this.counts.delete(pair);
      this.wordsOf.get(pair)?.delete(word);
    }
  }
}

function* pairsOf({ tokens }: Word): Generator<number> {
  for (let i = 0; i + 1 < tokens.length; i++) yield tokens[i] * MAX_TOKENS + tokens[i + 1];
}

function joined(tokens: readonly number[], left: number, right: number, token: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const isPair = tokens[i] === left && tokens[i + 1] === right;
    result.push(isPair ? token : tokens[i]);
    if (isPair) i++;
  }
  return result;
}
