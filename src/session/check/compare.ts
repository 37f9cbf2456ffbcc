import { InputError } from '../../core/errors';

/** Largest absolute difference. NaN counts as infinite. */
export function worstAbsolute(actual: ArrayLike<number>, expected: ArrayLike<number>, quantity: string): number {
  return worst(actual, expected, quantity, () => 1);
}

/** Largest difference relative to the expected value's size, which counts as at least `floor`. */
export function worstRelative(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  quantity: string,
  floor = Number.MIN_VALUE,
): number {
  return worst(actual, expected, quantity, (value) => Math.max(Math.abs(value), floor));
}

/** ‖actual − expected‖ / ‖expected‖ in L2; where all expected values are zero, `scale` stands in. */
export function relativeL2(actual: ArrayLike<number>, expected: ArrayLike<number>, scale: number, quantity: string): number {
  checkLength(actual, expected, quantity);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    size += expected[i] ** 2;
  }
  return orInfinity(Math.sqrt(difference) / (Math.sqrt(size) || scale || 1));
}

function worst(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  quantity: string,
  size: (value: number) => number,
): number {
  checkLength(actual, expected, quantity);
  let error = 0;
  for (let i = 0; i < expected.length; i++)
    error = Math.max(error, orInfinity(Math.abs(actual[i] - expected[i]) / size(expected[i])));
  return error;
}

function checkLength(actual: ArrayLike<number>, expected: ArrayLike<number>, quantity: string): void {
  if (actual.length !== expected.length)
    throw new InputError(
      `golden ${quantity}`,
      `${actual.length} values, as this checkpoint gives`,
      expected.length,
      'use the checkpoint the golden values were made with',
    );
}

function orInfinity(value: number): number {
  return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value;
}
