/**
 * Weighted next-token cross-entropy: loss = inverseTotalWeight * sum_m weights[m] * losses[m], in nats. The divisor is the weight of the
 * whole step, not of this batch, so that gradient accumulation cannot change the result.
 */
export interface CrossEntropy {
  /** This batch's part of the step's loss. */
  loss: number;
  /** -log p(target), (M), before any weight. */
  losses: Float64Array;
  /** d loss / d logits, (M, V). */
  dlogits: Float64Array;
}

/** logits (M, V), targets (M), weights (M) */
export function crossEntropy(
  logits: Float64Array,
  targets: Uint32Array,
  weights: ArrayLike<number>,
  inverseTotalWeight: number,
): CrossEntropy {
  const V = logits.length / targets.length;
  const losses = new Float64Array(targets.length);
  const dlogits = new Float64Array(logits.length);
  let loss = 0;
  targets.forEach((target, m) => {
    const row = logits.subarray(m * V, (m + 1) * V);
    const max = row.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (let v = 0; v < V; v++) sum += Math.exp(row[v] - max);
    const scale = weights[m] * inverseTotalWeight;
    for (let v = 0; v < V; v++) dlogits[m * V + v] = (scale * Math.exp(row[v] - max)) / sum;
    dlogits[m * V + target] -= scale;
    losses[m] = max + Math.log(sum) - row[target];
    loss += scale * losses[m];
  });
  return { loss, losses, dlogits };
}
