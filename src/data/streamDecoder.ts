import type { Tokenizer } from './tokenizer';

/** What decoders put in place of bytes that are not UTF-8, among them those of a character that is not complete yet. */
const REPLACEMENT = '\ufffd';

/**
 * Text that grows as ids arrive: the pieces together are the decoded whole. A token may end within a character, so only text that no
 * later byte can change is given out. A token is decoded along with the ones before it, since some decoders drop a space in front of
 * the first; only as many as are needed, so the cost does not grow with the text.
 */
export class StreamDecoder {
  /** Ids not yet settled, after those that the last settled piece came from. */
  private window: number[];
  /** How many at the front of the window are there only for what follows them. */
  private settled: number;
  /** Characters of the window's text that have been given out. */
  private given: number;

  /** @param context ids that the stream goes on from, whose text is not given out; without any, it begins a text. */
  constructor(
    private readonly tokenizer: Tokenizer,
    context: readonly number[] = [],
  ) {
    this.window = [...context];
    this.settled = context.length;
    this.given = tokenizer.decode(context).length;
  }

  /** @returns the text that this id completes; empty while a character is incomplete. */
  push(id: number): string {
    this.window.push(id);
    const text = this.tokenizer.decode(this.window);
    const isComplete = !text.endsWith(REPLACEMENT);
    // Only the last replacement can stand for a character's beginning; those before it are settled.
    const piece = text.slice(this.given, isComplete ? undefined : -REPLACEMENT.length);
    this.given += piece.length;
    if (isComplete && piece) {
      this.window = this.window.slice(this.settled);
      this.settled = this.window.length;
      this.given = this.tokenizer.decode(this.window).length;
    }
    return piece;
  }

  /** The end of the stream. @returns what was held back: a character that never became complete shows as U+FFFD. */
  finish(): string {
    const rest = this.tokenizer.decode(this.window).slice(this.given);
    this.given += rest.length;
    return rest;
  }
}
