/** Token embedding: row ids[m] of the weight. */

/** ids (M), weight (V, D) -> x (M, D) */
export function embeddingForward(ids: Uint32Array, weight: Float64Array, D: number): Float64Array {
  const x = new Float64Array(ids.length * D);
  ids.forEach((id, m) => {
    x.set(weight.subarray(id * D, (id + 1) * D), m * D);
  });
  return x;
}

/** ids (M), dx (M, D) -> dweight (V, D): every occurrence of an id adds to its row. */
export function embeddingBackward(ids: Uint32Array, dx: Float64Array, V: number, D: number): Float64Array {
  const dweight = new Float64Array(V * D);
  ids.forEach((id, m) => {
    for (let d = 0; d < D; d++) dweight[id * D + d] += dx[m * D + d];
  });
  return dweight;
}
