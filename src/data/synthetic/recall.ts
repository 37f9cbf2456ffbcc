import type { TokenDocument } from '../corpus';
import { independentRows, type RowSource } from '../rowSource';
import type { Tokenizer } from '../tokenizer';
import { FactWriter, MIN_FACTS } from './facts';
import { Filler, FillerPool } from './filler';

/**
 * Keyed facts as dense as they come: some facts, the questions for all of them in another order, and so on to the end of the row. Text
 * fills what is left. The rules of keyed facts hold: four facts at least, each told once and asked once, first tellings weigh 0.
 */

/** Facts of one round beyond the fewest. */
const MORE_FACTS = 5;

export function recallRows(tokenizer: Tokenizer, documents: readonly TokenDocument[], name = 'recall'): RowSource {
  const writer = new FactWriter(tokenizer, 'train');
  const pool = new FillerPool(documents);
  const pair = writer.longest.fact + writer.longest.question;
  return independentRows(name, (row, rng) => {
    writer.checkFits(row.length);
    row.startSegment(tokenizer.bosId);
    for (let most = roundOf(row.free, pair); most >= MIN_FACTS; most = roundOf(row.free, pair)) {
      const facts = writer.draw(rng, MIN_FACTS + rng.integer(most - MIN_FACTS + 1));
      const questions = rng.shuffle(facts.map(({ question }) => question));
      for (const { ids, weights } of [...facts.map(({ fact }) => fact), ...questions])
        ids.forEach((id, i) => {
          row.push(id, weights[i]);
        });
    }
    const filler = new Filler(pool, rng);
    while (row.free > 0) row.push(filler.next(), 1);
  });
}

/** The most facts that one round may hold in `free` tokens. */
function roundOf(free: number, pair: number): number {
  return Math.min(MIN_FACTS + MORE_FACTS, Math.floor(free / pair));
}
