/** RMSNorm over the last axis: y = weight * x / sqrt(mean(x^2) + eps). M rows of width D. Zhang & Sennrich 2019, arXiv 1910.07467. */

/** x (M, D), weight (D) -> y (M, D) */
export function rmsNormForward(x: Float64Array, weight: Float64Array, eps: number): Float64Array {
  const width = weight.length;
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += width) {
    const scale = inverseRms(x, row, width, eps);
    for (let d = 0; d < width; d++) y[row + d] = x[row + d] * scale * weight[d];
  }
  return y;
}

/** x, dy (M, D), weight (D) -> dx (M, D), dweight (D) */
export function rmsNormBackward(x: Float64Array, weight: Float64Array, dy: Float64Array, eps: number) {
  const width = weight.length;
  const dx = new Float64Array(x.length);
  const dweight = new Float64Array(width);
  for (let row = 0; row < x.length; row += width) {
    const scale = inverseRms(x, row, width, eps);
    let projection = 0;
    for (let d = 0; d < width; d++) {
      projection += dy[row + d] * weight[d] * x[row + d];
      dweight[d] += dy[row + d] * x[row + d] * scale;
    }
    // The scale depends on x too: d scale / d x = -scale^3 x / D.
    const shrink = (projection * scale ** 3) / width;
    for (let d = 0; d < width; d++) dx[row + d] = dy[row + d] * weight[d] * scale - x[row + d] * shrink;
  }
  return { dx, dweight };
}

function inverseRms(x: Float64Array, row: number, width: number, eps: number): number {
  let squares = 0;
  for (let d = 0; d < width; d++) squares += x[row + d] ** 2;
  return 1 / Math.sqrt(squares / width + eps);
}
