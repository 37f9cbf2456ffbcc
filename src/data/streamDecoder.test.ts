import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { AssetReader } from '../core/ports';
import { Rng } from '../core/rng';
import { StreamDecoder } from './streamDecoder';
import { llamaStyleTokenizer } from './testing/llamaStyleTokenizer';
import { bytesTokenizer, loadTokenizer, type Tokenizer } from './tokenizer';

const shippedAssets: AssetReader = { read: async (path) => new Uint8Array(await readFile(`public/${path}`)) };

const TOKENIZERS: [string, Tokenizer][] = [
  ['bytes', bytesTokenizer()],
  ['bpe-512', await loadTokenizer(shippedAssets, 'bpe-512')],
  ['Llama-style', llamaStyleTokenizer()],
];

const TEXT = 'a thing on é, 語 and 🙂🙂\n  on.';

/** The pieces that a stream of ids gives, its end included. */
function pieces(tokenizer: Tokenizer, ids: readonly number[], context?: readonly number[]): string[] {
  const decoder = new StreamDecoder(tokenizer, context);
  return [...ids.map((id) => decoder.push(id)), decoder.finish()];
}

describe.each(TOKENIZERS)('a stream of %s ids', (_, tokenizer) => {
  it('gives the whole text in complete characters', () => {
    const given = pieces(tokenizer, tokenizer.encode(TEXT));
    expect(given.join('')).toBe(TEXT);
    for (const piece of given) expect(piece).not.toMatch(/\ufffd|^[\udc00-\udfff]|[\ud800-\udbff]$/);
    expect(given.at(-1)).toBe('');
  });

  it('goes on from a context, with the space before its first word', () => {
    const context = [tokenizer.bosId, ...tokenizer.encode('a thing')];
    const ids = tokenizer.encode('a thing on é.').slice(context.length - 1);
    expect(pieces(tokenizer, ids, context).join('')).toBe(' on é.');
  });

  it('takes special tokens for nothing, anywhere', () => {
    const ids = tokenizer.encode(TEXT).flatMap((id, i) => (i % 5 ? [id] : [tokenizer.bosId, id, tokenizer.eosId]));
    expect(pieces(tokenizer, ids).join('')).toBe(tokenizer.decode(ids));
  });

  it('is the decoded whole for ids that are no text', () => {
    const rng = Rng.of(0, 'streamDecoder.test');
    for (let trial = 0; trial < 20; trial++) {
      const ids = Array.from({ length: 40 }, () => rng.integer(tokenizer.vocabSize));
      expect(pieces(tokenizer, ids).join('')).toBe(tokenizer.decode(ids));
    }
  });
});

describe('an incomplete character', () => {
  const euro = [0xe2, 0x82, 0xac];

  it('is held back until its last byte', () => {
    expect(pieces(bytesTokenizer(), euro)).toEqual(['', '', '€', '']);
  });

  it('shows as a replacement once it is clear that it stays incomplete', () => {
    expect(pieces(bytesTokenizer(), [0xe2, 0x82, 0x61])).toEqual(['', '', '\ufffda', '']);
    expect(pieces(bytesTokenizer(), [0x61, 0xe2])).toEqual(['a', '', '\ufffd']);
  });

  it('holds back no more than itself', () => {
    expect(pieces(bytesTokenizer(), [0xff, 0xff, ...euro])).toEqual(['', '\ufffd', '\ufffd', '', '€', '']);
  });
});
