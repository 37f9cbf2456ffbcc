/**
 * Exponential moving average of evenly spaced values with bias correction, so that the first values are not pulled to zero:
 * m_t = a m_(t-1) + (1 - a) x_t, shown as m_t / (1 - a^t), a = 2^(-1 / halfLife). Non-finite values are skipped.
 */
export function smooth(values: ArrayLike<number>, halfLife: number): Float64Array {
  const out = new Float64Array(values.length);
  const keep = halfLife > 0 ? 2 ** (-1 / halfLife) : 0;
  let mean = 0;
  let weight = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) {
      mean = keep * mean + (1 - keep) * values[i];
      weight = keep * weight + (1 - keep);
    }
    out[i] = weight > 0 ? mean / weight : Number.NaN;
  }
  return out;
}
