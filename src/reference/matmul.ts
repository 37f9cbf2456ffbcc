/** Matrix products in float64, row-major. The letters say whether an operand is read as stored (N) or transposed (T). */

/** C (m, n) = A (m, k) · B (n, k)ᵀ: a linear layer with its weight stored [out, in]. */
export function matmulNT(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[i * k + p] * b[j * k + p];
      c[i * n + j] = sum;
    }
  }
  return c;
}

/** C (m, n) = A (m, k) · B (k, n): the gradient of a linear layer's input. */
export function matmulNN(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const scale = a[i * k + p];
      for (let j = 0; j < n; j++) c[i * n + j] += scale * b[p * n + j];
    }
  }
  return c;
}

/** C (m, n) = A (k, m)ᵀ · B (k, n): the gradient of a linear layer's weight. */
export function matmulTN(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array {
  const c = new Float64Array(m * n);
  for (let p = 0; p < k; p++) {
    for (let i = 0; i < m; i++) {
      const scale = a[p * m + i];
      for (let j = 0; j < n; j++) c[i * n + j] += scale * b[p * n + j];
    }
  }
  return c;
}
