/**
 * Central differences in float64: (f(x + h) - f(x - h)) / 2h for every element of x, or for the given ones only (in their order).
 * With values of order 1, h = 1e-5 balances truncation (h^2) against cancellation (1e-16 / h): errors stay near 1e-10.
 */
export function centralDifferences(
  f: (x: Float64Array) => number,
  x: Float64Array,
  indices: readonly number[] = Array.from(x.keys()),
  h = 1e-5,
): Float64Array {
  const probe = x.slice();
  return Float64Array.from(indices, (i) => {
    probe[i] = x[i] + h;
    const above = f(probe);
    probe[i] = x[i] - h;
    const below = f(probe);
    probe[i] = x[i];
    return (above - below) / (2 * h);
  });
}
