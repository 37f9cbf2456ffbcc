import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { AssetReader } from '../core/ports';
import { loadCorpus } from './corpus';
import { encodeContinuation, encodeText } from './encodeText';
import { llamaStyleTokenizer } from './testing/llamaStyleTokenizer';
import { bytesTokenizer, loadTokenizer, tokenizerFromJson } from './tokenizer';

const shippedAssets: AssetReader = { read: async (path) => new Uint8Array(await readFile(`public/${path}`)) };

const NAMES = ['bytes', 'bpe-512', 'bpe-1024', 'bpe-4096'];

/** A held-out book as text, from the shard that is its UTF-8. */
async function heldOutBook(title: string): Promise<string> {
  const [books] = (await loadCorpus(shippedAssets, 'bytes', ['books'])).sources;
  const document = books.validation.find((candidate) => candidate.title.startsWith(title))!;
  return new TextDecoder().decode(Uint8Array.from(document.ids));
}

describe.each(NAMES)('the %s tokenizer', (name) => {
  it('gives a whole held-out book back', async () => {
    const tokenizer = await loadTokenizer(shippedAssets, name);
    const text = await heldOutBook('The Tragedie of Macbeth');
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it('encodes in chunks to the same ids as at once', async () => {
    const tokenizer = await loadTokenizer(shippedAssets, name);
    const text = (await heldOutBook('Persuasion')).slice(0, 60_000);
    expect([...(await encodeText(tokenizer, text))]).toEqual(tokenizer.encode(text));
  });

  it('counts the bytes of each token', async () => {
    const tokenizer = await loadTokenizer(shippedAssets, name);
    const text = 'Stay, you imperfect speakers: é, 語, 🙂\n\n  tell me more.';
    const bytes = tokenizer.encode(text).reduce((sum, id) => sum + tokenizer.tokenBytes[id], 0);
    expect(bytes).toBe(new TextEncoder().encode(text).length);
    expect(tokenizer.tokenBytes[tokenizer.bosId]).toBe(0);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it('ships as the same ids as its corpus shard', async () => {
    const tokenizer = await loadTokenizer(shippedAssets, name);
    const corpus = await loadCorpus(shippedAssets, name, ['books']);
    const macbeth = corpus.sources[0].validation.find(({ title }) => title.includes('Macbeth'))!;
    expect(corpus.tokenizer).toEqual({ name, vocabSize: tokenizer.vocabSize, bosId: tokenizer.bosId, eosId: tokenizer.eosId });
    expect(tokenizer.encode(await heldOutBook('The Tragedie of Macbeth'))).toEqual([...macbeth.ids]);
  });
});

describe('a Llama-style tokenizer', () => {
  it('encodes in chunks to the same ids as at once', async () => {
    const tokenizer = llamaStyleTokenizer();
    const text = 'a thing on and on. '.repeat(2000);
    expect([...(await encodeText(tokenizer, text))]).toEqual(tokenizer.encode(text));
  });

  it('continues a text without a second space', () => {
    const tokenizer = llamaStyleTokenizer();
    expect([...tokenizer.encode('a'), ...encodeContinuation(tokenizer, ' on')]).toEqual(tokenizer.encode('a on'));
  });

  it('counts the bytes of each token and knows where words start', () => {
    const tokenizer = llamaStyleTokenizer();
    const [on] = encodeContinuation(tokenizer, ' on');
    const [linefeed] = encodeContinuation(tokenizer, '\n');
    expect([tokenizer.tokenBytes[on], tokenizer.tokenBytes[linefeed], tokenizer.tokenBytes[tokenizer.bosId]]).toEqual([3, 1, 0]);
    expect([tokenizer.startsWord[on], tokenizer.startsWord[linefeed]]).toEqual([1, 1]);
  });
});

describe('encoding', () => {
  it('stops when told to', async () => {
    const controller = new AbortController();
    const encoding = encodeText(bytesTokenizer(), 'word '.repeat(100_000), {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(encoding).rejects.toThrow('enough');
  });

  it('reports progress up to the whole text', async () => {
    const seen: number[] = [];
    await encodeText(bytesTokenizer(), 'word '.repeat(10_000), { onProgress: (characters) => seen.push(characters) });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.at(-1)).toBe(50_000);
  });
});

it('refuses a tokenizer file without a vocabulary', () => {
  expect(() => tokenizerFromJson('mine', { model: {} }, {})).toThrow(/model\.vocab/);
});
