import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { AssetReader } from '../core/ports';
import { loadCorpus, loadCorpusIndex } from './corpus';
import { CORPUS_INDEX_PATH } from './corpusIndex';

const shippedAssets: AssetReader = { read: async (path) => new Uint8Array(await readFile(`public/${path}`)) };

/** Shipped files, but for `path`, which holds `bytes`. */
const withFile = (path: string, bytes: Uint8Array): AssetReader => ({
  read: async (asked) => (asked === path ? new Uint8Array(bytes) : shippedAssets.read(asked)),
});

describe('the shipped corpus', () => {
  it('adds up to its index and holds whole documents out', async () => {
    const index = await loadCorpusIndex(shippedAssets);
    const corpus = await loadCorpus(shippedAssets, 'bpe-1024', ['books', 'speeches', 'short']);
    for (const [i, source] of corpus.sources.entries()) {
      const documents = index.sources[i].documents;
      expect(source.train.length + source.validation.length).toBe(documents.length);
      expect(source.validation.length).toBeGreaterThan(0);
      const ids = [...source.train, ...source.validation].reduce((sum, document) => sum + document.ids.length, 0);
      expect(ids).toBe(documents.reduce((sum, document) => sum + document.tokens['bpe-1024'], 0));
    }
    const heldOut = corpus.sources[0].validation.map(({ title }) => title);
    expect(heldOut.map((title) => title.split(' by ')[0])).toEqual([
      'Persuasion',
      'The Man Who Was Thursday',
      'The Tragedie of Macbeth',
    ]);
    expect(corpus.sources[1].train.every(({ title }) => Number(title.slice(0, 4)) < 2000)).toBe(true);
  });

  it('names licence and provenance of every source and stays within 25 MB', async () => {
    const index = await loadCorpusIndex(shippedAssets);
    for (const source of index.sources) expect(source.licence && source.provenance).toMatch(/@\d/);
    const bytes = index.sources.flatMap(({ files }) => files).reduce((sum, file) => sum + file.compressed_bytes, 0);
    expect(bytes).toBeLessThan(25e6);
  });
});

describe('loading a corpus', () => {
  const shard = 'corpus/short.bpe-1024.u16.gz';

  it('refuses a shard with another content', async () => {
    const assets = withFile(shard, gzipSync(new Uint8Array(64)));
    await expect(loadCorpus(assets, 'bpe-1024', ['short'])).rejects.toThrow(/short\.bpe-1024.*SHA-256/);
  });

  it('refuses a shard that was cut short', async () => {
    const whole = await shippedAssets.read(shard);
    await expect(loadCorpus(withFile(shard, whole.subarray(0, 5000)), 'bpe-1024', ['short'])).rejects.toThrow(/whole gzip data/);
  });

  it('takes a shard that the server has unpacked already', async () => {
    const whole = await shippedAssets.read(shard);
    const unpacked = await new Response(new Blob([whole]).stream().pipeThrough(new DecompressionStream('gzip'))).bytes();
    const [fromGzip, plain] = await Promise.all(
      [shippedAssets, withFile(shard, unpacked)].map((assets) => loadCorpus(assets, 'bpe-1024', ['short'])),
    );
    expect(plain.sources[0].train[7].ids).toEqual(fromGzip.sources[0].train[7].ids);
  });

  it('names what ships when asked for something else', async () => {
    await expect(loadCorpus(shippedAssets, 'bpe-9', ['short'])).rejects.toThrow(/bpe-512/);
    await expect(loadCorpus(shippedAssets, 'bpe-512', ['poems'])).rejects.toThrow(/books, speeches, short/);
  });

  it('refuses an index that is not one', async () => {
    const text = (content: string) => withFile(CORPUS_INDEX_PATH, new TextEncoder().encode(content));
    await expect(loadCorpusIndex(text('<!doctype html>'))).rejects.toThrow(/JSON/);
    await expect(loadCorpusIndex(text('{"version":2}'))).rejects.toThrow(/version/);
  });
});
