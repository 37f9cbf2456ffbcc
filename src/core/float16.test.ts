import { expect, it } from 'vitest';
import { FLOAT16_MAX, FLOAT16_MIN_NORMAL, fromFloat16, toFloat16 } from './float16';

it('takes every finite pattern there and back', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = fromFloat16(bits);
    if (Number.isNaN(value)) expect(fromFloat16(toFloat16(value))).toBeNaN();
    else expect(toFloat16(value)).toBe(bits);
  }
});

it('rounds to the nearest, ties to even', () => {
  expect(fromFloat16(toFloat16(1 + 2 ** -11))).toBe(1);
  expect(fromFloat16(toFloat16(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
  expect(fromFloat16(toFloat16(1 + 2 ** -11 + 2 ** -20))).toBe(1 + 2 ** -10);
  expect(fromFloat16(toFloat16(2 - 2 ** -12))).toBe(2);
  expect(fromFloat16(toFloat16(2 ** -25))).toBe(0);
  expect(fromFloat16(toFloat16(3 * 2 ** -26))).toBe(2 ** -24);
});

it('knows its limits', () => {
  expect(fromFloat16(toFloat16(FLOAT16_MAX))).toBe(FLOAT16_MAX);
  expect(fromFloat16(toFloat16(65_519))).toBe(FLOAT16_MAX);
  expect(fromFloat16(toFloat16(-65_520))).toBe(Number.NEGATIVE_INFINITY);
  expect(fromFloat16(0x0400)).toBe(FLOAT16_MIN_NORMAL);
});
