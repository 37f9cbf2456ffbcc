import type { Recipe } from './recipe';

/** The optimizer fields that shape the learning rate over a run. */
export type LearningRateSettings = Pick<
  Recipe['optimizer'],
  'learning_rate' | 'min_learning_rate_ratio' | 'warmup_steps' | 'schedule'
>;

/**
 * Learning rate of `step` (0 .. totalSteps - 1): linear warm-up that reaches the peak at the last warm-up step, then the schedule down
 * to `min_learning_rate_ratio` of the peak at the run's last step. The ratio has no effect under `constant`.
 */
export function learningRateAt(optimizer: LearningRateSettings, step: number, totalSteps: number): number {
  const { learning_rate: peak, min_learning_rate_ratio: ratio, warmup_steps: warmup } = optimizer;
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const progress = Math.min((step - warmup + 1) / Math.max(totalSteps - warmup, 1), 1);
  switch (optimizer.schedule) {
    case 'constant':
      return peak;
    case 'linear':
      return peak * (1 - (1 - ratio) * progress);
    case 'cosine':
      return peak * (ratio + ((1 - ratio) * (1 + Math.cos(Math.PI * progress))) / 2);
  }
}
