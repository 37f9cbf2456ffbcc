import { describe, expect, it } from 'vitest';
import { type LearningRateSettings, learningRateAt } from './schedule';

const settings = (schedule: LearningRateSettings['schedule'], warmup_steps = 4): LearningRateSettings => ({
  learning_rate: 1e-3,
  min_learning_rate_ratio: 0.1,
  warmup_steps,
  schedule,
});

describe('learning rate', () => {
  it('rises linearly to the peak over the warm-up', () => {
    expect([0, 1, 2, 3].map((step) => learningRateAt(settings('cosine'), step, 20))).toEqual(
      [0.25e-3, 0.5e-3, 0.75e-3, 1e-3].map((rate) => expect.closeTo(rate, 15)),
    );
  });

  it.each(['cosine', 'linear'] as const)('falls with %s to the smallest ratio at the last step, and stays there', (schedule) => {
    const rates = Array.from({ length: 20 }, (_, step) => learningRateAt(settings(schedule), step, 20)).slice(4);
    for (let i = 1; i < rates.length; i++) expect(rates[i]).toBeLessThan(rates[i - 1]);
    expect(rates.at(-1)).toBeCloseTo(1e-4, 15);
    expect(learningRateAt(settings(schedule), 25, 20)).toBeCloseTo(1e-4, 15);
  });

  it('is half way between peak and floor in the middle', () => {
    for (const schedule of ['cosine', 'linear'] as const)
      expect(learningRateAt(settings(schedule, 0), 9, 20)).toBeCloseTo(0.55e-3, 12);
  });

  it('stays at the peak under constant', () => {
    expect(learningRateAt(settings('constant'), 19, 20)).toBe(1e-3);
  });
});
