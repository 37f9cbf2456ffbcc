import { InputError } from '../../core/errors';
import type { Rng } from '../../core/rng';
import type { TokenArray, TokenDocument } from '../corpus';
import type { Tokenizer } from '../tokenizer';
import { FillerPool } from './filler';

/** Bounds of a sentence that may be asked for, in tokens. */
const MIN_TOKENS = 5;
const MAX_TOKENS = 40;
/** Places tried before the text counts as one without sentences. */
const MAX_TRIES = 1000;

/** A stretch of a document that opens with a whole sentence. */
export interface Passage {
  ids: TokenArray;
  start: number;
  /** End of the first sentence. */
  sentenceEnd: number;
}

/** Passages of natural documents that begin with a sentence of askable length; every token is as likely a place to look from. */
export class SentencePool {
  private readonly pool: FillerPool;
  private readonly endsSentence: Uint8Array;

  constructor(tokenizer: Pick<Tokenizer, 'vocabSize' | 'decode'>, documents: readonly TokenDocument[]) {
    this.pool = new FillerPool(documents);
    this.endsSentence = Uint8Array.from({ length: tokenizer.vocabSize }, (_, id) =>
      Number(/[.!?]["')]?\s*$/.test(tokenizer.decode([id]))),
    );
  }

  /** A passage that goes on for at least `length` tokens in its document, and whose sentence has at most `longest`. */
  draw(rng: Rng, length: number, longest: number): Passage {
    const most = Math.min(MAX_TOKENS, longest);
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const [{ ids }, at] = this.pool.place(rng);
      const start = this.nextEnd(ids, at);
      const sentenceEnd = this.nextEnd(ids, start);
      const size = sentenceEnd - start;
      if (size >= MIN_TOKENS && size <= most && start + length <= ids.length) return { ids, start, sentenceEnd };
    }
    throw new InputError(
      'first sentence',
      `documents with sentences of ${MIN_TOKENS} to ${most} tokens and ${length} tokens of text after them`,
      `none in ${MAX_TRIES} tries`,
      'add longer documents, or use shorter rows',
    );
  }

  /** One past the next token that ends a sentence. */
  private nextEnd(ids: TokenArray, from: number): number {
    let at = from;
    while (at < ids.length && !this.endsSentence[ids[at]]) at++;
    return at + 1;
  }
}
