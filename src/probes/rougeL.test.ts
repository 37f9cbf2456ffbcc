import { expect, it } from 'vitest';
import { rougeL } from './rougeL';

// Lin 2004, section 3.1: "police killed the gunman" against two candidates of different order.
it('follows the order of words, as in Lin’s example', () => {
  expect(rougeL('police kill the gunman', 'Police killed the gunman.')).toBe(75);
  expect(rougeL('the gunman kill police', 'police killed the gunman')).toBe(50);
});

it('weighs what was left out and what was added alike', () => {
  expect(rougeL('a b c d', 'a b')).toBeCloseTo((100 * 2 * 0.5 * 1) / 1.5);
  expect(rougeL('a b', 'a b c d')).toBeCloseTo((100 * 2 * 1 * 0.5) / 1.5);
});

it('is 100 for the same words and 0 for none', () => {
  expect(rougeL('It is 4821!', ' it is 4821')).toBe(100);
  expect(rougeL('', 'a')).toBe(0);
  expect(rougeL('…', '?')).toBe(0);
});
