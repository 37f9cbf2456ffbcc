import { InputError } from '../../core/errors';
import { Rng } from '../../core/rng';
import type { TokenDocument } from '../corpus';
import { encodeContinuation } from '../encodeText';
import { emptyBatch, independentRows, type RowSource, RowWriter } from '../rowSource';
import type { Tokenizer } from '../tokenizer';
import { type AnswerProbe, type AnswerProbeOptions, lengthGrid, padRow, weighAnswersOnly } from './answerProbe';
import { Filler, FillerPool } from './filler';
import { type Phrase, writePhrases } from './phrase';

/**
 * Passkey (Mohtashami and Jaggi 2023, arXiv 2305.16300): one number somewhere in a long text, asked for at its end. All of the paper's
 * encodings but plain RoPE pass it, so it is the easy control of the harder probes.
 */

const TOLD = ' The pass key is';
const ASKED = ' What is the pass key? The pass key is';
const DIGITS = 5;

interface Passkey {
  told: Phrase;
  asked: Phrase;
  /** Offset and size of the digits within `asked`. */
  digitsAt: number;
  digits: number;
}

/** As training rows: the number's second telling counts. */
export function passkeyRows(tokenizer: Tokenizer, documents: readonly TokenDocument[], name = 'passkey'): RowSource {
  const pool = new FillerPool(documents);
  const planPasskey = passkeyPlanner(tokenizer);
  return independentRows(name, (row, rng) => {
    const { told, asked } = planPasskey(rng, row.length);
    writePhrases(row, [told, asked], tokenizer, new Filler(pool, rng));
  });
}

/** Over a grid of text lengths, at a random depth each. */
export function passkeyProbe({ tokenizer, documents, rows, length, seed = 0 }: AnswerProbeOptions): AnswerProbe {
  const pool = new FillerPool(documents);
  const planPasskey = passkeyPlanner(tokenizer);
  const lengths = lengthGrid(length, Math.min(length, 64));
  const probe: AnswerProbe = { batch: emptyBatch(rows, length), control: emptyBatch(rows, length), answers: [] };
  for (let row = 0; row < rows; row++) {
    const textLength = lengths[row % lengths.length];
    const plan = planPasskey(Rng.of(seed, `passkey/length ${length}/row ${row}`), textLength);
    const filler = (name: string) => new Filler(pool, Rng.of(seed, `passkey/length ${length}/${name} ${row}`));
    const write = (writer: RowWriter, isBlanked: boolean) => {
      const phrases = [{ ...plan.told, isBlanked }, plan.asked];
      const starts = writePhrases(writer, phrases, tokenizer, filler('text'), filler('blank'), textLength);
      padRow(writer, tokenizer.bosId);
      return starts;
    };
    const [toldAt, askedAt] = write(new RowWriter(probe.batch, row), false);
    write(new RowWriter(probe.control, row), true);
    const start = askedAt + plan.digitsAt;
    const distance = start - (toldAt + plan.told.ids.length - plan.digits - 1);
    probe.answers.push({ row, start, end: start + plan.digits, distance, requestedDistance: textLength, otherValues: [] });
  }
  weighAnswersOnly(probe);
  return probe;
}

/** Plans a number told at a uniform depth of a text of `length` tokens, and asked for at its end; the words round it are encoded once. */
function passkeyPlanner(tokenizer: Tokenizer): (rng: Rng, length: number) => Passkey {
  const encode = (text: string) => encodeContinuation(tokenizer, text);
  const [told, asked, stop] = [encode(TOLD), encode(ASKED), encode('.')];
  return (rng, length) => {
    const number = ` ${Array.from({ length: DIGITS }, () => 1 + rng.integer(9)).join('')}`;
    const digits = encode(number);
    const askedIds = [...asked, ...digits];
    const toldIds = [...told, ...digits, ...stop];
    const needed = 1 + toldIds.length + askedIds.length;
    if (length < needed)
      throw new InputError('passkey', `rows of at least ${needed} tokens`, length, 'use longer rows or leave it out');
    const askedAt = length - askedIds.length;
    return {
      told: { ids: toldIds, weights: toldIds.map(() => 0), desired: 1 + rng.uniform() * (askedAt - toldIds.length - 1) },
      asked: { ids: askedIds, weights: askedIds.map((_id, i) => Number(i >= asked.length)), desired: askedAt },
      digitsAt: asked.length,
      digits: digits.length,
    };
  };
}
