import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { AssetReader } from '../core/ports';
import { loadCorpus, type TokenDocument } from './corpus';
import { kneserNeyLosses } from './kneserNey';

const shippedAssets: AssetReader = { read: async (path) => new Uint8Array(await readFile(`public/${path}`)) };

const documentOf = (ids: readonly number[]): TokenDocument => ({ title: 'test', ids: Uint16Array.from(ids) });

describe('the Kneser-Ney baseline', () => {
  it('is a probability distribution over the next token', () => {
    const train = [documentOf([1, 2, 3, 1, 2, 2, 3, 1, 4, 1, 2, 3])];
    const vocabSize = 6;
    // One held-out document per possible next token after the same context; probabilities must add up to 1.
    for (const context of [1, 2, 5]) {
      const lossOf = (ids: number[]) =>
        kneserNeyLosses({ train, validation: [documentOf(ids)], vocabSize, bosId: 0 }).bigram * ids.length;
      const total = Array.from({ length: vocabSize }, (_, next) => Math.exp(lossOf([context]) - lossOf([context, next])));
      expect(total.reduce((sum, probability) => sum + probability, 0)).toBeCloseTo(1, 10);
    }
  });

  it('is uniform without training text', () => {
    const losses = kneserNeyLosses({ train: [], validation: [documentOf([1, 2])], vocabSize: 8, bosId: 0 });
    expect(losses.bigram).toBeCloseTo(Math.log(8), 12);
    expect(losses.unigram).toBeCloseTo(losses.uniform, 12);
  });

  it('orders uniform, unigram and bigram on a real corpus', async () => {
    const { sources, tokenizer } = await loadCorpus(shippedAssets, 'bpe-1024', ['short']);
    const losses = kneserNeyLosses({ ...sources[0], vocabSize: tokenizer.vocabSize, bosId: tokenizer.bosId });
    expect(losses.bigram).toBeLessThan(losses.unigram - 0.5);
    expect(losses.unigram).toBeLessThan(losses.uniform);
  });
});
