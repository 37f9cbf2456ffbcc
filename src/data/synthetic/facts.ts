import { InputError } from '../../core/errors';
import { Rng } from '../../core/rng';
import { encodeContinuation } from '../encodeText';
import type { Tokenizer } from '../tokenizer';
import { compactClass, type FactClass, pick, SENTENCE_CLASSES } from './factClasses';

/** Keys of the two splits never meet: a model that answers for test keys has not learnt them by heart. */
export type KeySplit = 'train' | 'test';

/** A fact or a question as tokens. */
export interface Sentence {
  ids: readonly number[];
  weights: readonly number[];
  /** Token range of the value within the sentence. */
  valueStart: number;
  valueEnd: number;
}

export interface KeyedFact {
  key: string;
  fact: Sentence;
  question: Sentence;
}

/** Facts of one class that a question chooses among; fewer, and the class alone gives the answer away. */
export const MIN_FACTS = 4;
/** Rows this short must hold the fewest facts and a question with room for text between, or compact sentences are used. */
const SHORT_ROW = 128;
/** One key in this many is a test key. */
const TEST_KEY_SHARE = 8;
const SAMPLE_SIZE = 64;

/** Makes facts and questions for one tokenizer; words are encoded once. */
export class FactWriter {
  private readonly classes: readonly FactClass[];
  private readonly encoded = new Map<string, readonly number[]>();
  /** Tokens of the longest fact and question (of a fixed sample; the rarest may be a token longer). */
  readonly longest: { fact: number; question: number };

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly split: KeySplit,
  ) {
    this.longest = this.measure(SENTENCE_CLASSES);
    this.classes = this.minLength() <= SHORT_ROW ? SENTENCE_CLASSES : [compactClass(tokenizer)];
    this.longest = this.measure(this.classes);
  }

  /** Shortest row that holds `facts` facts and a question. */
  minLength(facts = MIN_FACTS): number {
    return 1 + facts * this.longest.fact + this.longest.question;
  }

  /** Throws if rows of `length` are too short for `facts` facts and a question. */
  checkFits(length: number, facts = MIN_FACTS): void {
    const needed = this.minLength(facts);
    if (length < needed)
      throw new InputError(
        'keyed facts',
        `rows of at least ${needed} tokens`,
        length,
        'use longer rows or leave keyed facts out',
      );
  }

  /** `count` facts of one random class with distinct keys and distinct values, and the question for each. */
  draw(rng: Rng, count: number): KeyedFact[] {
    return this.drawFrom(pick(rng, this.classes), rng, count);
  }

  private drawFrom(factClass: FactClass, rng: Rng, count: number): KeyedFact[] {
    const keys = this.drawKeys(factClass, rng, count);
    const values: string[] = [];
    while (values.length < count) {
      const value = factClass.drawValue(rng);
      if (values.length >= factClass.values || !values.includes(value)) values.push(value);
    }
    return keys.map((key, i) => ({
      key,
      fact: this.sentence(pick(rng, factClass.facts), key, values[i], 0),
      question: this.sentence(pick(rng, factClass.questions), key, values[i], 1),
    }));
  }

  /** Distinct keys of the split; their last characters differ while there are any left to differ in. */
  private drawKeys({ drawKey, keyTails }: FactClass, rng: Rng, count: number): string[] {
    const keys = new Set<string>();
    const tails = new Set<string>();
    while (keys.size < count) {
      const key = drawKey(rng);
      const tail = key.slice(-1);
      if (keySplit(key) !== this.split || (tails.size < keyTails && tails.has(tail))) continue;
      keys.add(key);
      tails.add(tail);
    }
    return [...keys];
  }

  /** Tokens of the longest fact and question of a fixed sample. */
  private measure(classes: readonly FactClass[]): { fact: number; question: number } {
    const rng = Rng.of(0, 'synthetic/measure');
    const sample = classes.flatMap((factClass) => this.drawFrom(factClass, rng, SAMPLE_SIZE));
    const longest = (sentences: readonly Sentence[]) => Math.max(...sentences.map(({ ids }) => ids.length));
    return { fact: longest(sample.map(({ fact }) => fact)), question: longest(sample.map(({ question }) => question)) };
  }

  /** The first token of a sentence and its key come unannounced, so they weigh 0; so does the value where it is first told. */
  private sentence(template: string, key: string, value: string, valueWeight: number): Sentence {
    const ids: number[] = [];
    const weights: number[] = [];
    let valueStart = 0;
    let valueEnd = 0;
    for (const piece of template.split(/(?=\{)|(?<=\})/)) {
      const tokens = this.encode(piece === '{key}' ? key : piece === '{value}' ? value : piece);
      const weight = piece === '{key}' ? 0 : piece === '{value}' ? valueWeight : 1;
      if (piece === '{value}') [valueStart, valueEnd] = [ids.length, ids.length + tokens.length];
      for (const id of tokens) {
        weights.push(ids.length === 0 ? 0 : weight);
        ids.push(id);
      }
    }
    return { ids, weights, valueStart, valueEnd };
  }

  private encode(piece: string): readonly number[] {
    let ids = this.encoded.get(piece);
    if (!ids) this.encoded.set(piece, (ids = encodeContinuation(this.tokenizer, piece)));
    return ids;
  }
}

/** FNV-1a of the key decides its split. */
export function keySplit(key: string): KeySplit {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 16)) >>> 0) % TEST_KEY_SHARE === 0 ? 'test' : 'train';
}
