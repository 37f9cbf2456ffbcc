import { expect, it } from 'vitest';
import { batchFromIds } from '../core/batch';
import { lossByPosition, lossesByDocument, type TokenLosses } from './evaluation';

/** A loss that says which row and context it is of. */
function lossesOf(rows: number, length: number): TokenLosses {
  const loss = Float32Array.from({ length: rows * length }, (_, i) => 100 * Math.floor(i / length) + (i % length) + 1);
  return { loss, predicted: new Uint32Array(rows * length) };
}

it('gives every whole document its mean per bin of context, and leaves packed rows out', () => {
  const row = Array.from({ length: 32 }, (_, i) => i);
  const batch = batchFromIds([row, row, row], [row.map(() => 0), row.map((i) => Number(i > 7)), row.map(() => 0)]);
  const { contexts, losses } = lossesByDocument([{ batch, losses: lossesOf(3, 32) }]);
  expect(losses).toHaveLength(2 * contexts.length);
  // The mean of contexts from .. to - 1 is their middle, and the third row's are 200 above the first's.
  expect([...losses.subarray(contexts.length)]).toEqual([...losses.subarray(0, contexts.length)].map((loss) => loss + 200));
  contexts.forEach((context, b) => {
    expect(losses[b]).toBeGreaterThanOrEqual(context);
    expect(losses[b]).toBeLessThan(1.05 * context);
  });
  // The last position has no target.
  expect(contexts.at(-1)).toBeLessThan(32);
  expect(losses.every(Number.isFinite)).toBe(true);
});

it('counts context from where a packed document begins', () => {
  const row = Array.from({ length: 16 }, (_, i) => i);
  const batch = batchFromIds([row], [row.map((i) => Number(i > 7))]);
  const [first] = lossByPosition([{ batch, losses: lossesOf(1, 16) }]);
  expect(first).toMatchObject({ from: 1, loss: (1 + 9) / 2, tokens: 2 });
});
