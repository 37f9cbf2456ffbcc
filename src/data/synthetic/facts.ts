import { InputError } from '../../core/errors';
import { Rng } from '../../core/rng';
import { encodeContinuation } from '../encodeText';
import type { Tokenizer } from '../tokenizer';
import { ADJECTIVES, FAMILY_NAMES, GIVEN_NAMES, NOUNS, SYLLABLES } from './words';

/** Keys of the two splits never meet: a model that answers for test keys has not learnt them by heart. */
export type KeySplit = 'train' | 'test';

/** What facts of a row share: only the key tells them apart. Sentences hold {key} and {value}, both written with a leading space. */
interface FactClass {
  facts: readonly string[];
  questions: readonly string[];
  drawKey(rng: Rng): string;
  drawValue(rng: Rng): string;
}

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

const pick = <T>(rng: Rng, items: readonly T[]): T => items[rng.integer(items.length)];
const drawThing = (rng: Rng) => ` ${pick(rng, ADJECTIVES)} ${pick(rng, NOUNS)}`;
const drawNumber = (rng: Rng) => ` ${1000 + rng.integer(9000)}`;
const drawPerson = (rng: Rng) => ` ${pick(rng, GIVEN_NAMES)} ${pick(rng, FAMILY_NAMES)}`;

function sentenceClass(noun: string, drawValue: (rng: Rng) => string): FactClass {
  return {
    facts: [
      ` The ${noun} of the{key} is{value}.`,
      ` Note the ${noun} of the{key}:{value}.`,
      ` For the{key}, the ${noun} is{value}.`,
    ],
    questions: [` What is the ${noun} of the{key}? It is{value}.`, ` So the ${noun} of the{key} was{value}.`],
    drawKey: drawThing,
    drawValue,
  };
}

/** Whole English sentences; a row keeps to one class. */
const SENTENCE_CLASSES = [
  sentenceClass('code', drawNumber),
  sentenceClass('price', drawNumber),
  sentenceClass('owner', drawPerson),
];

/** For tokenizers of about a token a character, where four sentences would not leave room in a short row. */
const COMPACT_CLASSES: readonly FactClass[] = [
  {
    facts: ['{key}:{value}.'],
    questions: ['{key}?{value}.'],
    drawKey: (rng) => ` ${pick(rng, SYLLABLES)}${pick(rng, SYLLABLES)}`,
    drawValue: (rng) => ` ${100 + rng.integer(900)}`,
  },
];

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
    this.classes = this.minLength() <= SHORT_ROW ? SENTENCE_CLASSES : COMPACT_CLASSES;
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
    const keys = new Set<string>();
    const values = new Set<string>();
    while (keys.size < count) {
      const key = factClass.drawKey(rng);
      if (keySplit(key) === this.split) keys.add(key);
    }
    while (values.size < count) values.add(factClass.drawValue(rng));
    const valueList = [...values];
    return [...keys].map((key, i) => ({
      key,
      fact: this.sentence(pick(rng, factClass.facts), key, valueList[i], 0),
      question: this.sentence(pick(rng, factClass.questions), key, valueList[i], 1),
    }));
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
