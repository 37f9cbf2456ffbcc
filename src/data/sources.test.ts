import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { AssetReader } from '../core/ports';
import { loadCorpus } from './corpus';
import { CORPUS_INDEX_PATH } from './corpusIndex';
import { createDataStream } from './dataStream';
import { loadCorpusFor, openSource } from './sources';
import { bytesTokenizer, loadTokenizer } from './tokenizer';
import { userSource } from './userSource';
import { validationWindows } from './validation';

const shippedAssets: AssetReader = { read: async (path) => new Uint8Array(await readFile(`public/${path}`)) };

const lines = (count: number) =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ text: `Line number ${i} of a file.` })).join('\n');

/** Files of a corpus with one source, `tiny`, as bytes; the last text is held out. */
function corpusOf(texts: readonly string[]): AssetReader {
  const shard = new TextEncoder().encode(texts.join(''));
  const facts = { title: 'Tiny', description: '', licence: '', provenance: '' };
  const documents = texts.map((text, i) => {
    const bytes = new TextEncoder().encode(text).length;
    return { title: `text ${i}`, split: i + 1 < texts.length ? 'train' : 'validation', bytes, tokens: { bytes } };
  });
  const sha256 = createHash('sha256').update(shard).digest('hex');
  const size = { tokens: shard.length, bytes: shard.length, compressed_bytes: shard.length };
  const index = {
    version: 1,
    notice: '',
    tokenizers: [{ name: 'bytes', vocab_size: 258, bos_id: 256, eos_id: 257 }],
    sources: [{ name: 'tiny', ...facts, documents, files: [{ tokenizer: 'bytes', path: 'tiny', dtype: 'u8', sha256, ...size }] }],
  };
  const files = new Map([
    [CORPUS_INDEX_PATH, new TextEncoder().encode(JSON.stringify(index))],
    ['corpus/tiny', shard],
  ]);
  return { read: async (path) => files.get(path)! };
}

describe('sources', () => {
  it('opens shipped, synthetic and own sources by name, and names the choice for any other', async () => {
    const tokenizer = await loadTokenizer(shippedAssets, 'bpe-1024');
    const own = await userSource('mine', [{ name: 'a.jsonl', text: lines(200) }], tokenizer);
    const shipped = await loadCorpusFor(shippedAssets, tokenizer, ['short']);
    const corpus = { ...shipped, sources: [...shipped.sources, own] };
    const documents = corpus.sources.flatMap(({ train }) => train);
    const open = (name: string) => openSource(name, corpus, tokenizer, documents);
    const sources = ['short', 'mine', 'keyed-facts'].map(open);
    const stream = createDataStream({ sources, shares: { short: 2, mine: 1, 'keyed-facts': 1 }, seed: 1 });
    stream.next(32, 128);
    expect(stream.tokensBySource()).toEqual({ short: 16 * 128, mine: 8 * 128, 'keyed-facts': 8 * 128 });
    expect(() => open('poems')).toThrow(/short, mine, keyed-facts, first-sentence, passkey, copy, recall, induction, got poems/);
  });

  it('encodes the corpus for a tokenizer that has no shards', async () => {
    const texts = ['A first text.\n', 'Another, with é in it.\n', 'The last one is held out.\n'];
    const stranger = { ...(await loadTokenizer(shippedAssets, 'bpe-512')), name: 'stranger' };
    const { tokenizer, sources } = await loadCorpusFor(corpusOf(texts), stranger, ['tiny']);
    expect(tokenizer).toEqual({ name: 'stranger', vocabSize: 512, bosId: 0, eosId: 1 });
    const [{ train, validation }] = sources;
    expect([...train, ...validation].map(({ ids }) => stranger.decode([...ids]))).toEqual(texts);
    expect(validation).toHaveLength(1);
  });
});

describe('validation windows', () => {
  it('are the same for every run, begin with BOS and hold one document each where documents are long', async () => {
    const corpus = await loadCorpus(shippedAssets, 'bpe-1024', ['books', 'short']);
    const windows = validationWindows(corpus, 'books', 4, 2048);
    expect(windows).toEqual(validationWindows(await loadCorpus(shippedAssets, 'bpe-1024', ['books']), 'books', 4, 2048));
    expect(windows.docStart.every((start) => start === 0)).toBe(true);
    for (let row = 0; row < 4; row++) expect(windows.ids[row * 2048]).toBe(corpus.tokenizer.bosId);
    const packed = validationWindows(corpus, 'short', 2, 2048);
    expect(packed.docStart.at(-1)).toBeGreaterThan(0);
  });

  it('come again when a source has too few', async () => {
    const own = await userSource('mine', [{ name: 'a.txt', text: 'A short text of one sentence only.' }], bytesTokenizer());
    const corpus = { tokenizer: bytesTokenizer(), sources: [own] };
    const { ids } = validationWindows(corpus, 'mine', 2, 16);
    expect(ids.slice(0, 16)).toEqual(ids.slice(16));
    expect(() => validationWindows(corpus, 'poems', 1, 16)).toThrow(/mine/);
  });
});

describe('files of the user', () => {
  const tokenizer = bytesTokenizer();

  it('hold the last tenth of the documents out', async () => {
    const source = await userSource(
      'mine',
      [
        { name: 'a.jsonl', text: lines(30) },
        { name: 'B.TXT', text: 'One\r\ntwo' },
      ],
      tokenizer,
    );
    expect([source.train.length, source.validation.length]).toEqual([28, 3]);
    expect(tokenizer.decode([...source.validation[2].ids])).toBe('One\ntwo');
  });

  it('hold the last tenth of a single document out', async () => {
    const source = await userSource('mine', [{ name: 'a.txt', text: '0123456789'.repeat(10) }], tokenizer);
    expect([source.train[0].ids.length, source.validation[0].ids.length]).toEqual([90, 10]);
  });

  it('are refused with file and line, before anything is encoded', async () => {
    const refused = (text: string, name = 'a.jsonl') => expect(userSource('mine', [{ name, text }], tokenizer)).rejects;
    await refused(`${lines(2)}\n{"text":`).toThrow(/a\.jsonl, line 3/);
    await refused(`\n{"content": "x"}`).toThrow(/a\.jsonl, line 2.*"text"/);
    await refused('x', 'a.pdf').toThrow(/a\.pdf/);
    await refused(' \n', 'a.txt').toThrow(/some text/);
  });

  it('stop encoding when told to', async () => {
    const file = { name: 'a.txt', text: 'word '.repeat(50_000) };
    await expect(userSource('mine', [file], tokenizer, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});
