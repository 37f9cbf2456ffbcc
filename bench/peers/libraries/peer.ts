import type { CommonProblem } from './commonProblem';

/** A library that trains the common model in a page, behind the one interface that the benchmark drives. */
export interface Peer {
  version: string;
  /** Everything before the first step: device, weights, inputs, and what the library compiles ahead. @throws NotRunnable */
  open(problem: CommonProblem): Promise<OpenStep>;
}

export interface OpenStep {
  /** One whole optimizer step. @returns its loss in nats per token, read back from the GPU. */
  step(): Promise<number>;
  /** Floating-point operations that a step executes, where the library knows. */
  flops?: number;
}

/** This adapter lacks something the library cannot do without: a fact about the library, not a failure. */
export class NotRunnable extends Error {
  override readonly name = 'NotRunnable';
}
