import type { Rng } from '../../core/rng';
import type { Tokenizer } from '../tokenizer';
import { ADJECTIVES, FAMILY_NAMES, GIVEN_NAMES, NOUNS } from './words';

/** What facts of a row share: only the key tells them apart. Sentences hold {key} and {value}, both written with a leading space. */
export interface FactClass {
  facts: readonly string[];
  questions: readonly string[];
  drawKey(rng: Rng): string;
  drawValue(rng: Rng): string;
  /** How many last characters keys can have, and how many values there are: rows with more facts must repeat some. */
  keyTails: number;
  values: number;
}

export const pick = <T>(rng: Rng, items: readonly T[]): T => items[rng.integer(items.length)];

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
    keyTails: 0,
    values: GIVEN_NAMES.length * FAMILY_NAMES.length,
  };
}

/** Whole English sentences; a row keeps to one class. */
export const SENTENCE_CLASSES: readonly FactClass[] = [
  sentenceClass('code', drawNumber),
  sentenceClass('price', drawNumber),
  sentenceClass('owner', drawPerson),
];

const CAPITALS = 'BCDFGHJKLMNPQRSTVWXYZ'.split('');
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'.split('');
/** Fewer words of one token than this are too few to tell a hit from a guess. */
const MIN_WORDS = 32;

/**
 * " KQX king." for tokenizers of about a token a character, where four sentences would not leave room in a short row. The value follows
 * its key at once, and a question restates the fact: what two layers can learn is to find the key's last token and read on
 * (induction). Capitals after a capital are next to unknown in the text between, so it does not distract.
 */
export function compactClass(tokenizer: Pick<Tokenizer, 'vocabSize' | 'decode'>): FactClass {
  const tokens = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.decode([id]));
  const words = tokens.filter((token) => /^ [a-z]{2,}$/.test(token));
  const values = words.length < MIN_WORDS ? LETTERS.map((letter) => ` ${letter}`) : words;
  return {
    facts: ['{key}{value}.'],
    questions: ['{key}{value}.'],
    drawKey: (rng) => ` ${pick(rng, CAPITALS)}${pick(rng, CAPITALS)}${pick(rng, CAPITALS)}`,
    drawValue: (rng) => pick(rng, values),
    keyTails: CAPITALS.length,
    values: values.length,
  };
}
