export interface Curve {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
}

/**
 * Indices to draw of a curve with rising x: in each of `buckets` equal slices of [from, to] the first, lowest, highest and last point,
 * and the neighbours on both sides, so that no spike is lost and lines leave the frame at the right angle.
 */
export function decimate({ x, y }: Curve, from: number, to: number, buckets: number): number[] {
  let first = 0;
  while (first < x.length && x[first] < from) first++;
  let last = x.length - 1;
  while (last >= 0 && x[last] > to) last--;
  if (first > 0) first--;
  if (last < x.length - 1) last++;
  const count = last - first + 1;
  if (count <= buckets * 4) return Array.from({ length: Math.max(count, 0) }, (_, i) => first + i);
  const width = (x[last] - x[first]) / buckets || 1;
  const kept: number[] = [];
  let start = first;
  for (let bucket = 0; start <= last; bucket++) {
    const end = x[first] + width * (bucket + 1);
    let low = start;
    let high = start;
    let i = start;
    for (; i <= last && (x[i] < end || bucket >= buckets - 1); i++) {
      if (y[i] < y[low]) low = i;
      if (y[i] > y[high]) high = i;
    }
    if (i > start) kept.push(...new Set([start, low, high, i - 1].sort((a, b) => a - b)));
    start = i;
  }
  return kept;
}
