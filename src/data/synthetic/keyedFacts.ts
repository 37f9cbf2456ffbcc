import type { Rng } from '../../core/rng';
import type { TokenDocument } from '../corpus';
import { independentRows, type RowSource } from '../rowSource';
import type { Tokenizer } from '../tokenizer';
import { FactWriter, type KeyedFact, MIN_FACTS } from './facts';
import { Filler, FillerPool } from './filler';
import { type Phrase, writePhrases } from './phrase';

/**
 * Rows of natural text with keyed facts planted in it and asked for later: "The code of the amber falcon is 4821." ... "What is
 * the code of the amber falcon? It is 4821." What would let a model answer without looking the key up is closed off:
 * at least four facts of one class come before any question; distances are log-uniform; a fact is told once and asked for
 * once, so no earlier answer is nearer than the fact; values and keys are random and weigh 0 where they are first told.
 */

/** One question for about this many tokens of a row. */
const TOKENS_PER_QUESTION = 128;
/** Questions are spread over the row from this share of it on; the facts before the first need room. */
const FIRST_QUESTION = 0.35;

interface PlannedRow {
  phrases: Phrase[];
  totalTokens: number;
}

/** The task as a data source: training keys, planted in `documents`. */
export function keyedFactRows(tokenizer: Tokenizer, documents: readonly TokenDocument[], name = 'keyed-facts'): RowSource {
  const facts = new FactWriter(tokenizer, 'train');
  const pool = new FillerPool(documents);
  return independentRows(name, (row, rng) => {
    facts.checkFits(row.length);
    let plan: PlannedRow;
    do plan = planRow(facts, row.length, rng);
    while (plan.totalTokens >= row.length);
    writePhrases(row, plan.phrases, tokenizer, new Filler(pool, rng));
  });
}

function planRow(facts: FactWriter, length: number, rng: Rng): PlannedRow {
  const wanted = Math.round(length / TOKENS_PER_QUESTION);
  const questions = Math.max(
    1,
    Math.min(wanted, Math.floor((length - facts.minLength()) / (facts.longest.fact + facts.longest.question))),
  );
  const drawn = facts.draw(rng, questions + MIN_FACTS - 1);
  const asked = drawn.slice(0, questions).map((fact, i) => placeAsked(fact, (i + rng.uniform()) / questions, length, rng));
  const firstQuestion = Math.min(...asked.map(({ question }) => question.desired));
  const before = asked.filter(({ fact }) => fact.desired < firstQuestion).length;
  const distractors = drawn
    .slice(questions, questions + Math.max(0, MIN_FACTS - before))
    .map(({ fact }) => ({ ...fact, desired: rng.uniform() * firstQuestion }));
  const phrases = [...asked.flatMap(({ fact, question }) => [fact, question]), ...distractors];
  return { phrases, totalTokens: phrases.reduce((sum, { ids }) => sum + ids.length, 0) };
}

/** Question at `share` of its region, fact a log-uniform distance before it: between a question's own length and the row's start. */
function placeAsked({ fact, question }: KeyedFact, share: number, length: number, rng: Rng): { fact: Phrase; question: Phrase } {
  const at = length * (FIRST_QUESTION + (1 - FIRST_QUESTION) * share) - question.ids.length;
  const distance = Math.min(at, question.ids.length * Math.exp(rng.uniform() * Math.log(Math.max(1, at / question.ids.length))));
  return { fact: { ...fact, desired: at - distance }, question: { ...question, desired: at } };
}
