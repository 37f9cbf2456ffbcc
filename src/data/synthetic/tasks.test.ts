import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../core/batch';
import { PROBE_TASK_NAMES } from '../../core/records';
import { loadCorpus } from '../corpus';
import { createDataStream } from '../dataStream';
import type { RowSource } from '../rowSource';
import { loadTokenizer } from '../tokenizer';
import { firstSentenceProbe, firstSentenceRows } from './firstSentence';
import { inductionRows } from './induction';
import { keyedFactRows } from './keyedFacts';
import { passkeyProbe, passkeyRows } from './passkey';
import { PROBE_TASKS } from './probeTasks';
import { recallRows } from './recall';
import { retrievalProbe } from './retrievalProbe';

const assets = { read: async (path: string) => new Uint8Array(await readFile(`public/${path}`)) };
const tokenizer = await loadTokenizer(assets, 'bpe-512');
const { sources } = await loadCorpus(assets, 'bpe-512', ['books']);
const [{ train, validation }] = sources;

function batchOf(source: RowSource, rows: number, length: number, seed = 5): Batch {
  return createDataStream({ sources: [source], shares: { [source.name]: 1 }, seed }).next(rows, length);
}

const textOf = ({ ids, length }: Batch, row: number) => tokenizer.decode([...ids.subarray(row * length, (row + 1) * length)]);

/** " KQX king." as key and value, with where it stands. */
function compactFacts(text: string) {
  return [...text.matchAll(/ ([B-Z]{3}) ([a-z]+)\./g)].map(([, key, value], i) => ({ key, value, i }));
}

describe('dense recall', () => {
  it('tells every fact once and asks it once, four at least before the first question', () => {
    const batch = batchOf(recallRows(tokenizer, train), 100, 128);
    for (let row = 0; row < batch.rows; row++) {
      const facts = compactFacts(textOf(batch, row));
      const byKey = new Map<string, string[]>();
      for (const { key, value } of facts) byKey.set(key, [...(byKey.get(key) ?? []), value]);
      for (const values of byKey.values()) expect(values).toEqual([values[0], values[0]]);
      expect(byKey.size).toBeGreaterThanOrEqual(4);
      expect(new Set(facts.slice(0, 4).map(({ key }) => key)).size).toBe(4);
    }
  });

  it('gives values weight where they are asked for alone', () => {
    const { ids, targets, targetWeights, length } = batchOf(recallRows(tokenizer, train), 1, 64);
    // Values are the tokens before a full stop that follow three capitals; the first four are told, not asked.
    const values = Array.from({ length }, (_, i) => i).filter(
      (i) => i + 1 < length && tokenizer.decode([targets[i + 1]]) === '.' && /^[B-Z]$/.test(tokenizer.decode([ids[i]])),
    );
    expect(values.slice(0, 4).map((i) => targetWeights[i])).toEqual([0, 0, 0, 0]);
    expect(targetWeights[values[values.length - 1]]).toBe(1);
  });
});

describe('dense induction', () => {
  it('repeats one span, and counts all of a repeat but its first token', () => {
    for (const length of [16, 32, 128]) {
      let tellings = 0;
      const batch = batchOf(inductionRows(tokenizer, train), 40, length);
      for (let row = 0; row < batch.rows; row++) {
        const ids = batch.ids.subarray(row * length, (row + 1) * length);
        const weights = batch.targetWeights.subarray(row * length, (row + 1) * length);
        // The first span is what weighs nothing after BOS.
        const size = weights.indexOf(1);
        expect(size).toBeGreaterThanOrEqual(4);
        const span = ids.slice(1, 5).join();
        tellings += ids.reduce((count, _, i) => count + Number(ids.subarray(i, i + 4).join() === span), 0);
      }
      // The first telling is none of the repeats.
      expect(tellings).toBeGreaterThan(2 * batch.rows);
      expect(batch.targetWeights.reduce((sum, weight) => sum + weight, 0)).toBeGreaterThan(0.5 * 40 * length);
    }
    expect(() => batchOf(inductionRows(tokenizer, train), 1, 8)).toThrow(/at least 16/);
  });
});

describe('first sentence', () => {
  it('asks every document of a row for the sentence it opens with', () => {
    const batch = batchOf(firstSentenceRows(tokenizer, train), 40, 512);
    for (let row = 0; row < batch.rows; row++) {
      const starts = [...new Set(batch.docStart.subarray(row * 512, (row + 1) * 512))];
      const documents = starts.map((start, i) =>
        tokenizer.decode([...batch.ids.subarray(row * 512 + start, row * 512 + (starts[i + 1] ?? 512))]),
      );
      const asked = documents.filter((text) => text.includes(' First sentence:'));
      expect(asked.length).toBeGreaterThanOrEqual(1);
      for (const text of asked) {
        const answer = text.split(' First sentence:').at(-1)!;
        expect(text.startsWith(answer)).toBe(true);
        expect(answer).toMatch(/[.!?]["')]?\s*$/);
      }
    }
  });

  it('is probed at documents of set lengths whose control opens otherwise', () => {
    const { batch, control, answers } = firstSentenceProbe({ tokenizer, documents: validation, rows: 12, length: 512 });
    expect(answers.slice(0, 4).map(({ requestedDistance }) => requestedDistance)).toEqual([64, 128, 256, 512]);
    for (const { row, start, end, requestedDistance } of answers) {
      const at = (from: number, to: number) => batch.ids.slice(row * 512 + from, row * 512 + to);
      expect(end).toBe(requestedDistance);
      expect(at(1, 1 + end - start)).toEqual(at(start, end));
      const told = control.ids.slice(row * 512 + 1, row * 512 + 1 + end - start);
      expect(told).not.toEqual(at(start, end));
      expect(control.ids.slice(row * 512 + start, row * 512 + end)).toEqual(at(start, end));
    }
  });

  it('refuses rows and documents that are too short', () => {
    expect(() => batchOf(firstSentenceRows(tokenizer, train), 1, 32)).toThrow(/at least 64/);
    const short = [{ title: 'short', ids: train[0].ids.subarray(0, 40) }];
    expect(() => firstSentenceProbe({ tokenizer, documents: short, rows: 1, length: 512 })).toThrow(/tokens of text after them/);
  });
});

describe('passkey', () => {
  it('tells a number once before asking for it, and counts its second telling', () => {
    const batch = batchOf(passkeyRows(tokenizer, train), 20, 128);
    for (let row = 0; row < batch.rows; row++) {
      const [, told, asked] = /The pass key is (\d{5})\..*What is the pass key\? The pass key is (\d{5})$/s.exec(
        textOf(batch, row),
      )!;
      expect(asked).toBe(told);
    }
    expect(() => batchOf(passkeyRows(tokenizer, train), 1, 24)).toThrow(/rows of at least/);
  });

  it('is probed in texts of set lengths; the control never tells the number', () => {
    const { batch, control, answers } = passkeyProbe({ tokenizer, documents: validation, rows: 8, length: 512 });
    for (const { row, start, end, distance, requestedDistance } of answers) {
      const at = (from: number, to: number) => batch.ids.slice(row * 512 + from, row * 512 + to);
      expect(end).toBe(requestedDistance);
      expect(at(start - distance, end - distance)).toEqual(at(start, end));
      const before = tokenizer.decode([...control.ids.subarray(row * 512, row * 512 + start)]);
      expect(before).not.toContain(tokenizer.decode([...at(start, end)]));
    }
  });
});

describe.each(PROBE_TASK_NAMES)('the probe of %s', (task) => {
  it('is the same every time and weighs answers only', () => {
    const options = { tokenizer, documents: validation, rows: 6, length: 256 };
    const probe = PROBE_TASKS[task](options);
    expect(probe).toEqual(PROBE_TASKS[task](options));
    const size = probe.answers.reduce((sum, { start, end }) => sum + end - start, 0);
    for (const { targetWeights } of [probe.batch, probe.control])
      expect(targetWeights.reduce((sum, weight) => sum + weight, 0)).toBe(size);
  });
});

describe('guessers without a model', () => {
  const length = 256;
  const probe = retrievalProbe({ tokenizer, documents: validation, rows: 400, length });
  const CHANCE = 1 / 4;
  /** Three standard errors of a share of a quarter in 400. */
  const MARGIN = 0.065;

  /** Values told before an answer, by where they stand. */
  const told = ({ ids }: Batch, row: number, before: number) =>
    Array.from({ length: before }, (_, i) => i).filter(
      (i) =>
        i > 1 &&
        /^[B-Z]$/.test(tokenizer.decode([ids[row * length + i - 1]])) &&
        /^ [a-z]+$/.test(tokenizer.decode([ids[row * length + i]])),
    );

  const exactShare = (guess: (row: number, start: number) => number) =>
    probe.answers.filter(({ row, start }) => guess(row, start) === probe.batch.ids[row * length + start]).length /
    probe.answers.length;

  it('score no better than chance by recency or class', () => {
    const places = probe.answers.map(({ row, start }) => told(probe.batch, row, start - 1));
    const at = (row: number, i: number) => probe.batch.ids[row * length + i];
    const chosen = (pick: (found: number[]) => number) => exactShare((row) => at(row, pick(places[row])));
    for (const share of [
      chosen((found) => found.at(-1)!),
      chosen((found) => found[0]),
      chosen((found) => found[found.length >> 1]),
    ])
      expect(share).toBeLessThan(CHANCE + MARGIN);
  });

  it('learn no offset from the training rows that would help', () => {
    const rows = batchOf(keyedFactRows(tokenizer, train), 400, length);
    const offsets = new Map<number, number>();
    for (let row = 0; row < rows.rows; row++)
      for (let i = 2; i < length; i++) {
        const isAnswer =
          rows.targetWeights[row * length + i - 1] === 1 && /^[B-Z]$/.test(tokenizer.decode([rows.ids[row * length + i - 1]]));
        if (!isAnswer) continue;
        const from = Array.from({ length: i }, (_, j) => j).find(
          (j) =>
            j > 1 &&
            rows.ids[row * length + j] === rows.ids[row * length + i] &&
            rows.ids[row * length + j - 1] === rows.ids[row * length + i - 1],
        );
        if (from !== undefined) offsets.set(i - from, (offsets.get(i - from) ?? 0) + 1);
      }
    const [best] = [...offsets].sort(([, a], [, b]) => b - a)[0];
    expect(exactShare((row, start) => probe.batch.ids[row * length + start - best])).toBeLessThan(CHANCE);
  });
});
