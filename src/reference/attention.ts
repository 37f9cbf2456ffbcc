/**
 * Exact causal attention with grouped queries and document boundaries, one query row at a time.
 * Query head n reads key/value head floor(n * K / N); position t sees docStart[t] <= s <= t.
 */
export interface AttentionProblem {
  /** (B, T, N, H), after rotary. */
  q: Float64Array;
  /** (B, T, K, H), after rotary. */
  k: Float64Array;
  /** (B, T, K, H) */
  v: Float64Array;
  B: number;
  T: number;
  N: number;
  K: number;
  H: number;
  /** (B, T): position within the row of the first token of each token's document. */
  docStart: ArrayLike<number>;
  /** Multiplies scores before softmax, 1 / sqrt(H) in Llama. */
  scale: number;
}

/** o (B, T, N, H) and the log-sum-exp of each row of scaled scores, lse (B, N, T). */
export function attentionForward(problem: AttentionProblem): { o: Float64Array; lse: Float64Array } {
  const { v, B, T, N, H } = problem;
  const o = new Float64Array(B * T * N * H);
  const lse = new Float64Array(B * N * T);
  forEachQuery(problem, (b, t, n) => {
    const row = attentionRow(problem, b, t, n);
    const out = queryOffset(problem, b, t, n);
    row.weights.forEach((weight, i) => {
      const at = keyOffset(problem, b, row.start + i, n);
      for (let h = 0; h < H; h++) o[out + h] += weight * v[at + h];
    });
    lse[(b * N + n) * T + t] = row.lse;
  });
  return { o, lse };
}

/** dO (B, T, N, H) -> dq (B, T, N, H), dk and dv (B, T, K, H). Softmax is recomputed, so nothing of the forward pass is trusted. */
export function attentionBackward(problem: AttentionProblem, dO: Float64Array) {
  const { q, k, v, H, scale } = problem;
  const dq = new Float64Array(q.length);
  const dk = new Float64Array(k.length);
  const dv = new Float64Array(v.length);
  forEachQuery(problem, (b, t, n) => {
    const { start, weights } = attentionRow(problem, b, t, n);
    const query = queryOffset(problem, b, t, n);
    const dweights = weights.map((_, i) => dot(dO, query, v, keyOffset(problem, b, start + i, n), H));
    // delta = sum_s P dP is what normalisation takes back from every score.
    const delta = weights.reduce((sum, weight, i) => sum + weight * dweights[i], 0);
    weights.forEach((weight, i) => {
      const key = keyOffset(problem, b, start + i, n);
      const dscore = scale * weight * (dweights[i] - delta);
      for (let h = 0; h < H; h++) {
        dq[query + h] += dscore * k[key + h];
        dk[key + h] += dscore * q[query + h];
        dv[key + h] += weight * dO[query + h];
      }
    });
  });
  return { dq, dk, dv };
}

/** Softmax weights of query head n at position t of row b, for keys `start` .. t, with the log-sum-exp of their scores. */
export function attentionRow(problem: AttentionProblem, b: number, t: number, n: number) {
  const { q, k, T, H, docStart, scale } = problem;
  const start = docStart[b * T + t];
  const query = queryOffset(problem, b, t, n);
  const weights = new Float64Array(t - start + 1);
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < weights.length; i++) {
    weights[i] = scale * dot(q, query, k, keyOffset(problem, b, start + i, n), H);
    max = Math.max(max, weights[i]);
  }
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i] = Math.exp(weights[i] - max);
  for (let i = 0; i < weights.length; i++) weights[i] /= sum;
  return { start, weights, lse: max + Math.log(sum) };
}

function forEachQuery({ B, T, N }: AttentionProblem, visit: (b: number, t: number, n: number) => void): void {
  for (let b = 0; b < B; b++) for (let t = 0; t < T; t++) for (let n = 0; n < N; n++) visit(b, t, n);
}

function queryOffset({ T, N, H }: AttentionProblem, b: number, t: number, n: number): number {
  return ((b * T + t) * N + n) * H;
}

function keyOffset({ T, N, K, H }: AttentionProblem, b: number, s: number, n: number): number {
  return ((b * T + s) * K + Math.floor((n * K) / N)) * H;
}

function dot(a: Float64Array, aOffset: number, b: Float64Array, bOffset: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[aOffset + i] * b[bOffset + i];
  return sum;
}
