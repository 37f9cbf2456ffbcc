import { describe, expect, it } from 'vitest';
import type { TokenDocument } from './corpus';
import { createDataStream } from './dataStream';
import { documentRows } from './documentRows';
import { independentRows } from './rowSource';

const BOS = 0;

/** Documents of the given sizes; every token of the set has an id of its own, counting from 1. */
function numberedDocuments(sizes: readonly number[], first = 1): TokenDocument[] {
  let id = first;
  return sizes.map((size, i) => ({ title: `document ${i}`, ids: Uint32Array.from({ length: size }, () => id++) }));
}

function mixedStream(seed = 7) {
  return createDataStream({
    sources: [
      documentRows('long', numberedDocuments([5000, 3000, 811]), BOS),
      documentRows(
        'short',
        numberedDocuments(
          Array.from({ length: 60 }, (_, i) => 3 + (i % 40)),
          10_000,
        ),
        BOS,
      ),
      independentRows('dice', (row, rng) => {
        row.startSegment(BOS);
        while (row.free > 0) row.push(50_000 + rng.integer(6), 1);
      }),
    ],
    shares: { long: 0.55, short: 0.35, dice: 0.1 },
    seed,
  });
}

describe('a data stream', () => {
  it('is the same for the same seed and differs for another', () => {
    expect(mixedStream(7).next(16, 64)).toEqual(mixedStream(7).next(16, 64));
    expect(mixedStream(8).next(16, 64)).not.toEqual(mixedStream(7).next(16, 64));
  });

  it('continues bit for bit from a saved cursor, across changes of length', () => {
    const original = mixedStream();
    original.next(13, 64);
    original.next(5, 128);
    const saved = JSON.parse(JSON.stringify(original.cursor()));
    const restored = mixedStream();
    restored.restore(saved);
    for (const [rows, length] of [
      [7, 128],
      [3, 512],
      [9, 64],
      [40, 64],
    ])
      expect(restored.next(rows, length)).toEqual(original.next(rows, length));
    expect(restored.tokensBySource()).toEqual(original.tokensBySource());
    expect(restored.cursor()).toEqual(original.cursor());
  });

  it('realises token shares within one percent, also while the length changes', () => {
    const stream = mixedStream();
    for (const length of [64, 256, 64, 512]) stream.next((8192 / length) * 4, length);
    const tokens = stream.tokensBySource();
    const total = 4 * 4 * 8192;
    expect(Math.abs(tokens.long / total - 0.55)).toBeLessThan(0.01);
    expect(Math.abs(tokens.short / total - 0.35)).toBeLessThan(0.01);
    expect(Math.abs(tokens.dice / total - 0.1)).toBeLessThan(0.01);
  });

  it('follows a change of shares at once, without making up for the past', () => {
    const stream = mixedStream();
    stream.next(200, 64);
    const before = stream.tokensBySource();
    stream.setShares({ long: 0, dice: 1, short: 1 });
    stream.next(200, 64);
    const after = stream.tokensBySource();
    expect(after.long).toBe(before.long);
    expect(after.dice - before.dice).toBe(100 * 64);
  });

  it('refuses shares and cursors that do not fit its sources', () => {
    const stream = mixedStream();
    expect(() => stream.setShares({ poems: 1 })).toThrow(/long, short, dice/);
    expect(() => stream.setShares({ long: 0 })).toThrow(/above 0/);
    expect(() => stream.setShares({ long: Number.NaN })).toThrow(/share/);
    expect(() => stream.restore({ version: 9 })).toThrow(/version/);
    expect(() => stream.restore(mixedStream(8).cursor())).toThrow(/seed/);
    expect(() => stream.next(0, 64)).toThrow(/rows/);
    expect(() => stream.next(1, 1)).toThrow(/tokens/);
  });
});

describe('rows of documents', () => {
  const documents = numberedDocuments([1000, 400, 90, 63, 64, 20, 5, 1]);
  const length = 64;

  function epochOf(seed: number) {
    const stream = createDataStream({ sources: [documentRows('text', documents, BOS)], shares: { text: 1 }, seed });
    const batches = [];
    for (;;) {
      const batch = stream.next(1, length);
      if (Number(stream.cursor().sources.text.rows.epoch) > 0) return batches;
      batches.push(batch);
    }
  }

  it('hold every token once per epoch, but for the topping up of one row', () => {
    const counts = new Map<number, number>();
    for (const { ids } of epochOf(3)) for (const id of ids) if (id !== BOS) counts.set(id, (counts.get(id) ?? 0) + 1);
    const total = documents.reduce((sum, { ids }) => sum + ids.length, 0);
    expect(counts.size).toBe(total);
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBeLessThan(total + length);
  });

  it('open every segment with BOS, and foretell only within it', () => {
    for (const { ids, targets, targetWeights, docStart } of epochOf(4))
      for (let i = 0; i < length; i++) {
        const opens = docStart[i] === i;
        expect(ids[i] === BOS).toBe(opens);
        if (i > 0) expect(docStart[i] === docStart[i - 1] || opens).toBe(true);
        const isLast = i + 1 === length || docStart[i + 1] !== docStart[i];
        expect(targetWeights[i]).toBe(isLast ? 0 : 1);
        if (!isLast) {
          expect(targets[i]).toBe(ids[i + 1]);
          if (!opens) expect(ids[i + 1]).toBe(ids[i] + 1);
        }
      }
  });

  it('give long documents whole rows', () => {
    const whole = epochOf(5).filter(({ docStart }) => docStart[length - 1] === 0);
    expect(whole.length).toBeGreaterThanOrEqual(Math.floor(1000 / (length - 1)) + Math.floor(400 / (length - 1)));
  });

  it('come in another order and with other cuts in the next epoch', () => {
    const stream = createDataStream({ sources: [documentRows('text', documents, BOS)], shares: { text: 1 }, seed: 1 });
    const rows = epochOf(1).length;
    const [first, second] = [stream.next(rows, length), stream.next(rows, length)];
    expect([...second.ids].sort()).not.toEqual([...first.ids].sort());
  });

  it('need some text', () => {
    expect(() => documentRows('empty', numberedDocuments([0]), BOS)).toThrow(/training text/);
  });
});
