import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../core/batch';
import type { AssetReader } from '../../core/ports';
import { Rng } from '../../core/rng';
import { loadCorpus, type TokenDocument } from '../corpus';
import { createDataStream } from '../dataStream';
import type { RowSource } from '../rowSource';
import { loadTokenizer, type Tokenizer } from '../tokenizer';
import { copyRows } from './copySpans';
import { FactWriter, keySplit, MIN_FACTS } from './facts';
import { keyedFactRows } from './keyedFacts';
import { distanceGrid, retrievalProbe } from './retrievalProbe';

const shippedAssets: AssetReader = { read: async (path) => new Uint8Array(await readFile(`public/${path}`)) };

async function textFor(name: string): Promise<{ tokenizer: Tokenizer; train: TokenDocument[]; validation: TokenDocument[] }> {
  const { sources } = await loadCorpus(shippedAssets, name, ['short']);
  return { tokenizer: await loadTokenizer(shippedAssets, name), train: sources[0].train, validation: sources[0].validation };
}

function batchOf(source: RowSource, rows: number, length: number, seed = 5): Batch {
  return createDataStream({ sources: [source], shares: { [source.name]: 1 }, seed }).next(rows, length);
}

/** Facts and questions of a row's text, for the sentences that bpe tokenizers get. */
function sentencesOf(text: string) {
  const value = String.raw`(\d{4}|[A-Z][a-z]+ [A-Z][a-z]+)\.`;
  const fact = new RegExp(
    String.raw`(?:(?:The|Note the) \w+ of the (\w+ \w+)(?: is|:)|For the (\w+ \w+), the \w+ is) ${value}`,
    'g',
  );
  const question = new RegExp(
    String.raw`(?:What is the \w+ of the (\w+ \w+)\? It is|So the \w+ of the (\w+ \w+) was) ${value}`,
    'g',
  );
  const found = (pattern: RegExp) =>
    [...text.matchAll(pattern)].map((match) => ({
      key: match[1] ?? match[2],
      value: match[3],
      at: match.index + match[0].length,
    }));
  return { facts: found(fact), questions: found(question) };
}

describe('keyed facts', () => {
  it('come before their question, are told once and asked once, four of a class at least', async () => {
    const { tokenizer, train } = await textFor('bpe-1024');
    const length = 512;
    const { ids } = batchOf(keyedFactRows(tokenizer, train), 60, length);
    let questionCount = 0;
    for (let row = 0; row < 60; row++) {
      const text = tokenizer.decode([...ids.subarray(row * length, (row + 1) * length)]);
      const { facts, questions } = sentencesOf(text);
      questionCount += questions.length;
      expect(new Set(facts.map(({ key }) => key)).size).toBe(facts.length);
      expect(new Set(facts.map(({ value }) => value)).size).toBe(facts.length);
      expect(new Set(questions.map(({ key }) => key)).size).toBe(questions.length);
      for (const question of questions) {
        const fact = facts.find(({ key }) => key === question.key);
        expect(fact?.value).toBe(question.value);
        expect(fact!.at).toBeLessThan(question.at);
        expect(facts.filter(({ at }) => at < question.at).length).toBeGreaterThanOrEqual(MIN_FACTS);
      }
    }
    expect(questionCount).toBe(60 * 2);
  });

  it('spread their distances over every octave', async () => {
    const { tokenizer, train } = await textFor('bpe-1024');
    const length = 2048;
    const rows = 40;
    const { ids } = batchOf(keyedFactRows(tokenizer, train), rows, length);
    const octaves = new Map<number, number>();
    for (let row = 0; row < rows; row++) {
      const text = tokenizer.decode([...ids.subarray(row * length, (row + 1) * length)]);
      const { facts, questions } = sentencesOf(text);
      for (const question of questions) {
        const distance = question.at - facts.find(({ key }) => key === question.key)!.at;
        const octave = Math.floor(Math.log2(distance));
        octaves.set(octave, (octaves.get(octave) ?? 0) + 1);
      }
    }
    // About 2.5 characters a token: from 64 to 2,048 characters and more, no octave is rare.
    for (let octave = 6; octave <= 11; octave++) expect(octaves.get(octave)).toBeGreaterThan(rows / 2);
  });

  it('use keys of their own split only', async () => {
    const { tokenizer } = await textFor('bpe-512');
    const keysOf = (split: 'train' | 'test') => {
      const writer = new FactWriter(tokenizer, split);
      return new Set(
        Array.from({ length: 100 }, (_, i) => writer.draw(Rng.of(i, 'keys'), 8)).flatMap((drawn) => drawn.map(({ key }) => key)),
      );
    };
    const test = keysOf('test');
    for (const key of keysOf('train')) {
      expect(test.has(key)).toBe(false);
      expect(keySplit(key)).toBe('train');
    }
    expect(test.size).toBeGreaterThan(200);
  });

  it.each(['bytes', 'bpe-512', 'bpe-1024', 'bpe-4096'])('weigh answers 1, first values and keys 0 (%s)', async (name) => {
    const { tokenizer } = await textFor(name);
    for (const { fact, question } of new FactWriter(tokenizer, 'train').draw(Rng.of(1, 'weights'), 6)) {
      const value = fact.ids.slice(fact.valueStart, fact.valueEnd);
      expect(question.ids.slice(question.valueStart, question.valueEnd)).toEqual(value);
      expect(fact.weights.slice(fact.valueStart, fact.valueEnd)).toEqual(value.map(() => 0));
      expect(question.weights.slice(question.valueStart, question.valueEnd)).toEqual(value.map(() => 1));
      expect([fact.weights[0], question.weights[0]]).toEqual([0, 0]);
    }
  });

  it.each(['bytes', 'bpe-512', 'bpe-1024', 'bpe-4096'])('fit rows of 128 tokens and see the whole row (%s)', async (name) => {
    const { tokenizer, train } = await textFor(name);
    const { docStart, ids } = batchOf(keyedFactRows(tokenizer, train), 200, 128);
    expect(docStart.every((position) => position === 0)).toBe(true);
    expect(ids.filter((id) => id === tokenizer.bosId)).toHaveLength(200);
  });

  it('refuse rows that cannot hold four facts', async () => {
    const { tokenizer, train } = await textFor('bpe-1024');
    expect(() => batchOf(keyedFactRows(tokenizer, train), 1, 48)).toThrow(/rows of at least/);
    expect(() => keyedFactRows(tokenizer, [])).toThrow(/natural text/);
  });
});

describe('copied spans', () => {
  it('repeat what came before; random ones weigh 0 the first time', async () => {
    const { tokenizer, train } = await textFor('bpe-1024');
    const length = 256;
    const { ids, targetWeights } = batchOf(copyRows(tokenizer, train), 50, length);
    let foretold = 0;
    for (let row = 0; row < 50; row++) {
      const at = row * length;
      // Eight tokens of weight 0 in a row are a random span; the same tokens follow later with weight 1.
      const start = targetWeights
        .subarray(at, at + length)
        .findIndex((_w, i, weights) => i > 0 && weights.subarray(i, i + 6).every((w) => w === 0));
      if (start < 0 || start + 7 > length) continue;
      const span = ids.subarray(at + start + 1, at + start + 7).join();
      const repeat = Array.from({ length: length - start - 8 }, (_, i) => start + 2 + i).find(
        (i) => ids.subarray(at + i, at + i + 6).join() === span,
      );
      expect(repeat).toBeDefined();
      expect([...targetWeights.subarray(at + repeat!, at + repeat! + 5)]).toEqual([1, 1, 1, 1, 1]);
      foretold++;
    }
    expect(foretold).toBeGreaterThan(10);
  });

  it('refuse rows too short to repeat anything', async () => {
    const { tokenizer, train } = await textFor('bpe-1024');
    expect(() => batchOf(copyRows(tokenizer, train), 1, 8)).toThrow(/at least 16/);
  });
});

describe('the retrieval probe', () => {
  const length = 1024;

  it('asks at the requested distances and weighs answers only', async () => {
    const { tokenizer, validation } = await textFor('bpe-1024');
    const { batch, answers } = retrievalProbe({ tokenizer, documents: validation, rows: 14, length });
    expect(answers.map(({ requestedDistance }) => requestedDistance)).toEqual([...distanceGrid(length), ...distanceGrid(length)]);
    for (const { row, start, end, distance, requestedDistance, otherValues } of answers) {
      expect(Math.abs(distance - requestedDistance)).toBeLessThan(30 + 0.1 * requestedDistance);
      expect(otherValues).toHaveLength(MIN_FACTS - 1);
      const answer = batch.ids.slice(row * length + start, row * length + end);
      expect(batch.ids.slice(row * length + start - distance, row * length + end - distance)).toEqual(answer);
      expect(batch.targets.slice(row * length + start - 1, row * length + end - 1)).toEqual(answer);
    }
    const weighed = batch.targetWeights.reduce((sum, weight) => sum + weight, 0);
    expect(weighed).toBe(answers.reduce((sum, { start, end }) => sum + end - start, 0));
  });

  it('has a control that differs in the asked fact alone', async () => {
    const { tokenizer, validation } = await textFor('bpe-1024');
    const { batch, control, answers } = retrievalProbe({ tokenizer, documents: validation, rows: 7, length });
    for (const { row, start, end, distance } of answers) {
      const differing = Array.from({ length }, (_, i) => i).filter(
        (i) => batch.ids[row * length + i] !== control.ids[row * length + i],
      );
      expect(differing.length).toBeGreaterThan(0);
      for (const i of differing) expect(Math.abs(i - (start - distance))).toBeLessThan(24);
      const text = tokenizer.decode([...control.ids.subarray(row * length, row * length + start)]);
      expect(text).not.toContain(tokenizer.decode([...batch.ids.subarray(row * length + start, row * length + end)]));
    }
    expect(control.targetWeights).toEqual(batch.targetWeights);
  });

  it('is the same every time and refuses what does not fit', async () => {
    const { tokenizer, validation } = await textFor('bytes');
    const options = { tokenizer, documents: validation, rows: 4, length: 256 };
    expect(retrievalProbe(options)).toEqual(retrievalProbe(options));
    expect(() => retrievalProbe({ ...options, facts: 2 })).toThrow(/at least 4 facts/);
    expect(() => retrievalProbe({ ...options, facts: 99 })).toThrow(/rows of at least/);
  });
});
