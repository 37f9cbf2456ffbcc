/** L(c) = (alpha / c)^beta + gamma: mean loss against the number of tokens c that a prediction may look back on (paper, Fig. 1). */
export interface ContextLaw {
  /** Scale of the power, in tokens. */
  alpha: number;
  /** Exponent, without unit. */
  beta: number;
  /** Floor that no context takes away, nats per token. */
  gamma: number;
}

/** Fig. 1 of arXiv 2309.16039, c up to 32,768; the paper gives neither intervals nor the way it fitted. */
export const PAPER_CONTEXT_LAWS: readonly (ContextLaw & { model: string })[] = [
  { model: '7B', alpha: 25.4, beta: 0.45, gamma: 1.56 },
  { model: '13B', alpha: 19.5, beta: 0.48, gamma: 1.45 },
  { model: '34B', alpha: 17.7, beta: 0.5, gamma: 1.41 },
  { model: '70B', alpha: 17.9, beta: 0.51, gamma: 1.35 },
];

/** Loss at c tokens of context, nats per token. */
export function contextLaw({ alpha, beta, gamma }: ContextLaw, c: number): number {
  return (alpha / c) ** beta + gamma;
}

/** Share of L - gamma (not of L) that twice the context takes away: L(2c) - gamma = 2^-beta (L(c) - gamma). */
export function doublingGain(beta: number): number {
  return -Math.expm1(-beta * Math.LN2);
}
