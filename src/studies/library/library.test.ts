import { describe, expect, it } from 'vitest';
import { parseRecipe } from '../../core/recipe';
import type { RunRecord } from '../../core/records';
import { STUDIES, studyNamed } from '..';
import { planStudy, type RunOutcome } from '../study';
import { curriculum, paperFlops, recoveryTokens } from './curriculum';

describe.each(STUDIES.flatMap((study) => study.scales.map((scale) => [study, scale] as const)))('$0.name', (study, scaleName) => {
  it(`has valid recipes, and contrasts of arms and measures that it has, at ${scaleName}`, () => {
    const plan = planStudy(study, scaleName);
    const arms = plan.arms.map(({ name }) => name);
    const measures = study.measures(plan.scale).map(({ name }) => name);
    for (const { arm, against, measure } of study.contrasts) {
      expect(arms).toContain(arm);
      expect(arms).toContain(against);
      expect(measures).toContain(measure);
    }
    expect(new Set(measures).size).toBe(measures.length);
    expect(plan.runs).toHaveLength(arms.length * plan.scale.seeds.length);
    // Whole pairs first: a stopped study has every arm of the seeds it got to.
    expect(plan.runs.slice(0, arms.length).map(({ seed }) => seed)).toEqual(arms.map(() => plan.scale.seeds[0]));
    // Arms of one seed see the same data in the same order, for as many tokens.
    for (const { recipe, seed } of plan.runs) {
      expect(recipe.seed).toBe(seed);
      expect(recipe.data).toEqual(plan.runs[0].recipe.data);
      expect(recipe.curriculum.total_tokens).toBe(plan.scale.tokens);
    }
  });
});

it('has at least three seeds at nano, and one at pico', () => {
  for (const study of STUDIES) {
    expect(study.scale('nano').seeds.length).toBeGreaterThanOrEqual(3);
    expect(study.scale('pico').seeds).toHaveLength(1);
  }
});

it('names the choice for an unknown study or scale', () => {
  expect(() => studyNamed('alibi')).toThrow(/one of position-encodings, curriculum.*got alibi/);
  expect(() => planStudy({ ...curriculum, scales: ['nano'] }, 'small')).toThrow(/scale of nano, got small/);
});

describe('curriculum', () => {
  // Table 10 of the paper: 7B, 400B tokens, h = 4096, L = 32.
  it.each([
    [0, '3.783e+22', 0],
    [0.2, '3.405e+22', 0.1],
    [0.4, '3.026e+22', 0.2],
    [0.8, '2.270e+22', 0.4],
  ])('prints the paper’s FLOPs for its own configuration, switched at %d', (share, flops, saving) => {
    const { recipe } = planStudy(curriculum, 'nano').runs[0];
    const long = { sequence_length: 32_768, share: 1 - share };
    const { total, saving: saved } = paperFlops(
      parseRecipe({
        ...recipe,
        model: {
          shape: {
            vocab_size: 32_000,
            hidden_size: 4096,
            intermediate_size: 11_008,
            num_hidden_layers: 32,
            num_attention_heads: 32,
            num_key_value_heads: 32,
            head_dim: 128,
          },
        },
        curriculum: {
          total_tokens: 100_000 * 2 ** 22,
          tokens_per_step: 2 ** 22,
          stages: share ? [{ sequence_length: 4096, share }, long] : [long],
        },
      }),
    );
    expect(total.toExponential(3)).toBe(flops);
    expect(saved).toBeCloseTo(saving, 12);
  });

  it.each(['nano', 'micro'] as const)('saves the paper’s shares at %s, whose rows and width keep its ratio', (scale) => {
    const savings = planStudy(curriculum, scale)
      .runs.slice(0, 4)
      .map(({ recipe }) => paperFlops(recipe).saving);
    [0, 0.1, 0.2, 0.4].forEach((saving, i) => {
      expect(savings[i]).toBeCloseTo(saving, 12);
    });
  });

  it('measures recovery from the switch to where the smoothed short loss is back within half a per cent', () => {
    const { recipe } = planStudy(curriculum, 'nano').runs[1];
    const perStep = recipe.curriculum.tokens_per_step;
    const short = (step: number, loss: number) =>
      ({ type: 'validation', kind: 'short', step, tokens: step * perStep, loss }) as unknown as RunRecord;
    const outcome = (after: RunRecord[]) =>
      ({
        recording: { run: { recipe }, records: [short(60, 4), short(80, 4), short(100, 4), ...after] },
        evaluations: [],
      }) as unknown as RunOutcome;
    // Means of up to three: 4.6, 4.3, 4.2, 4.02, 3.99; the bound is 4.02.
    const losses = [4.6, 4, 4, 4.06, 3.91].map((loss, i) => short(120 + 20 * i, loss));
    expect(recoveryTokens(outcome(losses))).toBe(80 * perStep);
    expect(recoveryTokens(outcome(losses.slice(0, 3)))).toBeUndefined();
    expect(
      recoveryTokens({
        ...outcome([]),
        recording: { run: { recipe: planStudy(curriculum, 'nano').runs[0].recipe }, records: [] },
      } as unknown as RunOutcome),
    ).toBeUndefined();
  });
});
