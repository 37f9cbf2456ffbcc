import { InputError } from '../core/errors';
import type { Rng } from '../core/rng';

export interface SamplingOptions {
  /** Divides the logits; 0 takes the most likely token. */
  temperature: number;
  /** Only this many of the most likely tokens; 0 keeps all. Of equal logits the lower id goes first. */
  topK: number;
}

/** One token of softmax(logits / temperature), in float64. The same logits and stream give the same token on every machine. */
export function sampleToken(logits: Float32Array, { temperature, topK }: SamplingOptions, rng: Rng): number {
  let best = 0;
  logits.forEach((logit, id) => {
    if (!Number.isFinite(logit))
      throw new InputError(
        'sample token',
        'finite logits',
        `${logit} for token ${id}`,
        'go back to a checkpoint with a finite loss',
      );
    if (logit > logits[best]) best = id;
  });
  if (temperature === 0) return best;
  const isKept = topK > 0 && topK < logits.length ? largest(logits, topK) : () => true;
  // Relative to the largest logit, so that the sum is at least 1 and nothing overflows.
  let sum = 0;
  const cumulative = Float64Array.from(logits, (logit, id) => {
    if (isKept(id)) sum += Math.exp((logit - logits[best]) / temperature);
    return sum;
  });
  const target = rng.uniform() * sum;
  return cumulative.findIndex((value) => value > target);
}

/** Whether an id is among the `count` largest; asked in order of id, once each. */
function largest(logits: Float32Array, count: number): (id: number) => boolean {
  const threshold = Float32Array.from(logits).sort()[logits.length - count];
  let ties = count - logits.reduce((above, logit) => above + Number(logit > threshold), 0);
  return (id) => logits[id] > threshold || (logits[id] === threshold && ties-- > 0);
}
