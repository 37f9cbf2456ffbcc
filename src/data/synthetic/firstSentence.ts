import { InputError } from '../../core/errors';
import { Rng } from '../../core/rng';
import type { TokenDocument } from '../corpus';
import { encodeContinuation } from '../encodeText';
import { emptyBatch, independentRows, type RowSource, RowWriter } from '../rowSource';
import type { Tokenizer } from '../tokenizer';
import { type AnswerProbe, type AnswerProbeOptions, lengthGrid, padRow, weighAnswersOnly } from './answerProbe';
import { type Passage, SentencePool } from './sentences';

/**
 * First-sentence retrieval (paper, Fig. 5b): a document of a set length, and the question for its first sentence. It takes attention to
 * one exact far place, which the loss on text rarely needs. The document is a stretch of natural text that begins with a whole sentence.
 */

const QUESTION = ' First sentence:';
/** Shortest document: a sentence, some text after it, the question and the answer. */
const MIN_DOCUMENT = 64;

/** Documents of log-uniform lengths, each with its question, packed until the row is full; text and answers weigh 1. */
export function firstSentenceRows(tokenizer: Tokenizer, documents: readonly TokenDocument[], name = 'first-sentence'): RowSource {
  const pool = new SentencePool(tokenizer, documents);
  const question = encodeContinuation(tokenizer, QUESTION);
  return independentRows(name, (row, rng) => {
    checkLength(row.length);
    while (row.free >= MIN_DOCUMENT) {
      const length = Math.round(rng.logUniform(MIN_DOCUMENT, row.free));
      writeDocument(row, tokenizer.bosId, pool.draw(rng, length, longestSentence(length, question)), question, length);
    }
    padRow(row, tokenizer.bosId);
  });
}

/** The same question over a grid of document lengths, on held-out text; the control opens with another document's text instead. */
export function firstSentenceProbe(options: AnswerProbeOptions): AnswerProbe {
  const { tokenizer, documents, rows, length, seed = 0 } = options;
  checkLength(length);
  const pool = new SentencePool(tokenizer, documents);
  const question = encodeContinuation(tokenizer, QUESTION);
  const lengths = lengthGrid(length, MIN_DOCUMENT);
  const probe: AnswerProbe = { batch: emptyBatch(rows, length), control: emptyBatch(rows, length), answers: [] };
  for (let row = 0; row < rows; row++) {
    const documentLength = lengths[row % lengths.length];
    const rng = Rng.of(seed, `first sentence/length ${length}/row ${row}`);
    const longest = longestSentence(documentLength, question);
    const passage = pool.draw(rng, documentLength, longest);
    const other = pool.draw(rng, documentLength, longest);
    const write = (writer: RowWriter, opening: Passage) => {
      const range = writeDocument(writer, tokenizer.bosId, passage, question, documentLength, opening);
      padRow(writer, tokenizer.bosId);
      return range;
    };
    const [start, end] = write(new RowWriter(probe.batch, row), passage);
    write(new RowWriter(probe.control, row), other);
    probe.answers.push({ row, start, end, distance: start - 1, requestedDistance: documentLength, otherValues: [] });
  }
  weighAnswersOnly(probe);
  return probe;
}

/**
 * One document of `length` tokens: BOS, the passage's text, the question, its first sentence. Returns the answer's positions.
 * @param opening where the first sentence's tokens are told from; another passage makes the control.
 */
function writeDocument(
  row: RowWriter,
  bosId: number,
  { ids, start, sentenceEnd }: Passage,
  question: readonly number[],
  length: number,
  opening: Passage = { ids, start, sentenceEnd },
): [start: number, end: number] {
  const size = sentenceEnd - start;
  const textEnd = start + length - 1 - question.length - size;
  row.startSegment(bosId);
  row.pushRange(opening.ids, opening.start, opening.start + size, 1);
  row.pushRange(ids, sentenceEnd, textEnd, 1);
  // The question comes unannounced.
  row.pushRange(question, 0, question.length, 0);
  const answer = row.written;
  row.pushRange(ids, start, sentenceEnd, 1);
  return [answer, answer + size];
}

/** A document holds its first sentence twice. */
function longestSentence(length: number, question: readonly number[]): number {
  return Math.floor((length - 1 - question.length) / 2);
}

function checkLength(length: number): void {
  if (length < MIN_DOCUMENT)
    throw new InputError('first sentence', `rows of at least ${MIN_DOCUMENT} tokens`, length, 'use longer rows or leave it out');
}
