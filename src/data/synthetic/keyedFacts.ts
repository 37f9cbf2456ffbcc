import type { Rng } from '../../core/rng';
import type { TokenDocument } from '../corpus';
import { independentRows, type RowSource } from '../rowSource';
import type { Tokenizer } from '../tokenizer';
import { FactWriter, type KeyedFact, MIN_FACTS } from './facts';
import { Filler, FillerPool } from './filler';
import { type Phrase, writePhrases } from './phrase';

/**
 * Rows of natural text with keyed facts planted in it and asked for later: "The code of the amber falcon is 4821." ... "What is
 * the code of the amber falcon? It is 4821." What would let a model answer without looking the key up is closed off: each
 * question comes with four facts of one class whose distances are log-uniform alike, so neither place nor order tells which is asked
 * for; a fact is told once and asked for at most once, so no earlier answer is nearer than the fact; values and keys are random and
 * weigh 0 where they are first told.
 */

/** One question for about this many tokens of a row, whatever its length. */
const TOKENS_PER_QUESTION = 128;
/** Long sentences come more rarely, so that facts and questions fill no more than half of a row. */
const MOST_OF_ROW = 2;
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
  const group = MIN_FACTS * facts.longest.fact + facts.longest.question;
  const questions = Math.max(1, Math.round(length / Math.max(TOKENS_PER_QUESTION, MOST_OF_ROW * group)));
  const drawn = facts.draw(rng, MIN_FACTS * questions);
  const phrases = Array.from({ length: questions }, (_, i) => {
    const share = (i + rng.uniform()) / questions;
    return placeGroup(drawn.slice(MIN_FACTS * i, MIN_FACTS * (i + 1)), share, length, rng);
  }).flat();
  return { phrases, totalTokens: phrases.reduce((sum, { ids }) => sum + ids.length, 0) };
}

/** The first fact's question at `share` of the region of questions, and all facts log-uniform distances before it. */
function placeGroup(facts: readonly KeyedFact[], share: number, length: number, rng: Rng): Phrase[] {
  const { question } = facts[0];
  const at = length * (FIRST_QUESTION + (1 - FIRST_QUESTION) * share) - question.ids.length;
  return [
    ...facts.map(({ fact }) => ({ ...fact, desired: at - rng.logUniform(question.ids.length, at) })),
    { ...question, desired: at },
  ];
}
