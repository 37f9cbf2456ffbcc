import type { TokenArray } from './corpus';
import type { Tokenizer } from './tokenizer';

export interface EncodeOptions {
  /** Stops the encoding between chunks; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Characters done so far. */
  onProgress?: (characters: number) => void;
}

/** Characters per chunk: at most about a tenth of a second between two looks at the signal. */
const CHUNK_CHARACTERS = 16_384;

/**
 * The ids that `tokenizer.encode(text)` gives, computed in chunks so that a long text neither blocks its thread nor resists
 * cancelling. Chunks end where a word does; how a tokenizer must be fed from there on is found by trying it once.
 */
export async function encodeText(tokenizer: Tokenizer, text: string, options: EncodeOptions = {}): Promise<TokenArray> {
  const boundary = chunkBoundary(tokenizer);
  const ids: number[] = [];
  let start = 0;
  while (start < text.length) {
    options.signal?.throwIfAborted();
    const end = boundary ? nextBoundary(text, start + CHUNK_CHARACTERS, boundary.before) : text.length;
    const skip = start > 0 && boundary?.dropsSpace ? 1 : 0;
    for (const id of tokenizer.encode(text.slice(start + skip, end))) ids.push(id);
    start = end;
    options.onProgress?.(start);
    await new Promise((resolve) => setTimeout(resolve));
  }
  options.signal?.throwIfAborted();
  return narrowest(ids, tokenizer.vocabSize);
}

/** Ids of text that goes on after other text, where it begins with a space: no prefix space is added, none is lost. */
export function encodeContinuation(tokenizer: Tokenizer, text: string): number[] {
  const opening = 'a';
  return tokenizer.encode(opening + text).slice(tokenizer.encode(opening).length);
}

/** Ids in the narrowest array that holds the vocabulary; the text ids of `bytes` fit a byte although its BOS does not. */
function narrowest(ids: readonly number[], vocabSize: number): TokenArray {
  if (vocabSize <= 258 && ids.every((id) => id < 256)) return Uint8Array.from(ids);
  return vocabSize <= 65_536 ? Uint16Array.from(ids) : Uint32Array.from(ids);
}

interface ChunkBoundary {
  /** A chunk ends where this matches, right after a visible character. */
  before: RegExp;
  /** SentencePiece style: the tokenizer puts a space before every text, so the one at the boundary is left out. */
  dropsSpace: boolean;
}

function chunkBoundary(tokenizer: Tokenizer): ChunkBoundary | undefined {
  const whole = tokenizer.encode('one two').join();
  const inTwo = (second: string) => [...tokenizer.encode('one'), ...tokenizer.encode(second)].join();
  if (whole === inTwo(' two')) return { before: /(?<=\S)(?=\s)/g, dropsSpace: false };
  if (whole === inTwo('two')) return { before: /(?<=\S)(?= \S)/g, dropsSpace: true };
  return undefined;
}

function nextBoundary(text: string, from: number, before: RegExp): number {
  if (from >= text.length) return text.length;
  const match = new RegExp(before);
  match.lastIndex = from;
  return match.exec(text)?.index ?? text.length;
}
