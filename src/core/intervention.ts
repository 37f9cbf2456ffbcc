import { InputError } from './errors';
import type { ModelConfig } from './modelConfig';
import type { ProbeTaskName } from './records';

/**
 * What is taken from a model to see what hangs on it, for attention plots alone do not say. Heads, layers and bands of rotary pairs are
 * silenced in a copy of the weights; a cut context hides what lies further back.
 */
export type Intervention =
  | { kind: 'head'; layer: number; head: number }
  /** A whole layer: attention and MLP add nothing to the residual stream. */
  | { kind: 'layer'; layer: number }
  /** Rotary pairs [from, to) of every head, 0 the fastest: they add nothing to any score. */
  | { kind: 'band'; from: number; to: number }
  /** Nothing further back than `context` tokens is seen. */
  | { kind: 'cut'; context: number };

/** The same targets and answers without and with the intervention, in nats per token and shares. */
export interface InterventionEffect {
  intervention: Intervention;
  /** Optimizer steps the run had done. */
  step: number;
  losses: { kind: 'short' | 'long'; length: number; whole: number; without: number }[];
  answers: { task: ProbeTaskName; whole: AnswerScore; without: AnswerScore }[];
}

/** Mean losses and answers over a run's held-out text. */
export interface Scores {
  losses: { kind: 'short' | 'long'; length: number; loss: number }[];
  answers: { task: ProbeTaskName; score: AnswerScore }[];
}

export interface AnswerScore {
  loss: number;
  exactMatch: number;
}

/** @throws InputError naming the part that the model, or a row of `longest` tokens, does not have. */
export function checkIntervention(intervention: Intervention, config: ModelConfig, longest: number): void {
  const within = (what: string, value: number, least: number, most: number) => {
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InputError('intervention', `${what} from ${least} to ${most}`, value, `change ${what}`);
  };
  const layers = config.numHiddenLayers - 1;
  const pairs = config.headDim / 2;
  switch (intervention.kind) {
    case 'head':
      within('layer', intervention.layer, 0, layers);
      within('head', intervention.head, 0, config.numAttentionHeads - 1);
      return;
    case 'layer':
      within('layer', intervention.layer, 0, layers);
      return;
    case 'band':
      within('from', intervention.from, 0, pairs - 1);
      within('to', intervention.to, intervention.from + 1, pairs);
      return;
    case 'cut':
      within('context', intervention.context, 2, longest);
  }
}
