import type { Batch } from '../../core/batch';
import { InputError } from '../../core/errors';
import { Rng } from '../../core/rng';
import { emptyBatch, RowWriter } from '../rowSource';
import { type AnswerProbe, type AnswerProbeOptions, weighAnswersOnly } from './answerProbe';
import { FactWriter, MIN_FACTS } from './facts';
import { Filler, FillerPool } from './filler';
import { type Phrase, writePhrases } from './phrase';

export interface RetrievalProbeOptions extends AnswerProbeOptions {
  /** Tokens from fact to answer; rows take them in turn. Default: powers of two and the longest that fits. */
  distances?: readonly number[];
  /** Facts per row, the asked one among them. */
  facts?: number;
}

/** Keyed facts with test keys, one question at the end of each row; only answer tokens have weight. */
export function retrievalProbe(options: RetrievalProbeOptions): AnswerProbe {
  const { tokenizer, rows, length, facts = MIN_FACTS, seed = 0 } = options;
  const writer = new FactWriter(tokenizer, 'test');
  writer.checkFits(length, facts);
  if (facts < MIN_FACTS)
    throw new InputError('retrieval probe', `at least ${MIN_FACTS} facts per row`, facts, 'ask for more facts');
  const pool = new FillerPool(options.documents);
  const distances = options.distances ?? distanceGrid(length);
  const probe: AnswerProbe = { batch: emptyBatch(rows, length), control: emptyBatch(rows, length), answers: [] };

  for (let row = 0; row < rows; row++) {
    const requestedDistance = distances[row % distances.length];
    const plan = planProbeRow(writer, length, facts, requestedDistance, Rng.of(seed, `retrieval/length ${length}/row ${row}`));
    const filler = (name: string) => new Filler(pool, Rng.of(seed, `retrieval/length ${length}/${name} ${row}`));
    const write = (batch: Batch, phrases: readonly Phrase[]) =>
      writePhrases(new RowWriter(batch, row), phrases, tokenizer, filler('text'), filler('blank'));
    const [factStart, questionStart] = write(probe.batch, plan.phrases);
    write(probe.control, [{ ...plan.phrases[0], isBlanked: true }, ...plan.phrases.slice(1)]);
    const start = questionStart + plan.asked.question.valueStart;
    probe.answers.push({
      row,
      start,
      end: questionStart + plan.asked.question.valueEnd,
      distance: start - (factStart + plan.asked.fact.valueStart),
      requestedDistance,
      otherValues: plan.others.map(({ fact }) => fact.ids.slice(fact.valueStart, fact.valueEnd)),
    });
  }
  weighAnswersOnly(probe);
  return probe;
}

/** Shortest distance from fact to answer. */
const SHORTEST = 16;

/** Powers of two from 16 to below `length`, and nine tenths of it. */
export function distanceGrid(length: number): number[] {
  const grid: number[] = [];
  for (let distance = SHORTEST; distance < 0.8 * length; distance *= 2) grid.push(distance);
  return [...grid, Math.round(0.9 * length)];
}

function planProbeRow(writer: FactWriter, length: number, count: number, distance: number, rng: Rng) {
  for (;;) {
    const [asked, ...others] = writer.draw(rng, count);
    const questionAt = length - asked.question.ids.length;
    const answerAt = questionAt + asked.question.valueStart;
    const phrases: Phrase[] = [
      { ...asked.fact, desired: Math.min(questionAt - 1, answerAt - distance - asked.fact.valueStart) },
      { ...asked.question, desired: questionAt },
      // As far back as those asked for in other rows: neither place nor order tells which is asked for here.
      ...others.map(({ fact }) => ({ ...fact, desired: answerAt - fact.valueStart - rng.logUniform(SHORTEST, answerAt) })),
    ];
    if (phrases.reduce((sum, { ids }) => sum + ids.length, 1) <= length) return { asked, others, phrases };
  }
}
