import { describe, expect, it } from 'vitest';
import { splitWalk, type Walk } from './attentionSplit';

/** Causal queries: tile i of `rows` rows walks the keys from the start to its own last. */
const causal = (length: number, rows: number, heads: number): Walk => ({
  tiles: Math.ceil(length / rows),
  heads,
  length,
  walked: (tile) => [0, Math.min(length, (tile + 1) * rows)],
});

const LENGTHS = [1, 64, 700, 4096];

describe.each([1, 2, 7, 100, 1e6])('splitWalk into %d pieces', (pieces) => {
  it.each(LENGTHS)('walks every position of every workgroup once and in order, over %d tokens', (length) => {
    const walk = causal(length, 48, 3);
    const reached = Array.from({ length: walk.tiles * walk.heads }, () => 0);
    for (const { firstGroup, endGroup, begin, end } of splitWalk(walk, pieces))
      for (let group = firstGroup; group < endGroup; group++) {
        const [, to] = walk.walked(group % walk.tiles);
        // What lies past a workgroup's own end is nobody's work.
        if (begin >= to) continue;
        expect(begin).toBe(reached[group]);
        expect(begin % 64).toBe(0);
        reached[group] = Math.min(end, to);
      }
    expect(reached).toEqual(reached.map((_, group) => walk.walked(group % walk.tiles)[1]));
  });

  it('shares out all of the work', () => {
    const shares = splitWalk(causal(4096, 48, 3), pieces).map(({ share }) => share);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  });
});

it.each([40, 300, 2000])('makes %d pieces about equal, where a triangle would make the first twice the mean', (pieces) => {
  const shares = splitWalk(causal(32_768, 128, 8), pieces).map(({ share }) => share);
  expect(shares.length).toBeGreaterThanOrEqual(0.7 * pieces);
  expect(Math.max(...shares) * shares.length).toBeLessThan(1.6);
});
