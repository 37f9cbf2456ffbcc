import type { Batch } from '../../core/batch';
import type { TokenDocument } from '../corpus';
import type { RowWriter } from '../rowSource';
import type { Tokenizer } from '../tokenizer';

export interface AnswerProbeOptions {
  tokenizer: Tokenizer;
  /** Held-out documents for the text between. */
  documents: readonly TokenDocument[];
  rows: number;
  length: number;
  seed?: number;
}

export interface ProbeAnswer {
  row: number;
  /** Positions [start, end) of the answer's tokens in the row; each is predicted one position earlier. */
  start: number;
  end: number;
  /** Tokens from where the text tells the answer to where it is asked for. */
  distance: number;
  /** The distance or document length asked for, which groups rows; crowded rows may miss a distance by some tokens. */
  requestedDistance: number;
  /** Answers to the row's other questions of the same class: one of them found the class but not the key. */
  otherValues: readonly number[][];
}

/** Rows with one question each; only the answers' tokens have weight. */
export interface AnswerProbe {
  batch: Batch;
  /** The same rows with natural text in place of what tells the answer; the answers are at the same positions. */
  control: Batch;
  answers: ProbeAnswer[];
}

/** Powers of two from `shortest` to below `longest`, and `longest`. */
export function lengthGrid(longest: number, shortest: number): number[] {
  const grid: number[] = [];
  for (let length = shortest; length < 0.8 * longest; length *= 2) grid.push(length);
  return [...grid, longest];
}

/** Fills what is left of a row with a segment of its own that counts for nothing. */
export function padRow(row: RowWriter, bosId: number): void {
  if (row.free > 0) row.startSegment(bosId);
  while (row.free > 0) row.push(bosId, 0);
}

/** Leaves weight to the answers' tokens alone, in both batches of a probe. */
export function weighAnswersOnly({ batch, control, answers }: AnswerProbe): void {
  for (const { length, targetWeights } of [batch, control]) {
    targetWeights.fill(0);
    for (const { row, start, end } of answers) targetWeights.fill(1, row * length + start - 1, row * length + end - 1);
  }
}
