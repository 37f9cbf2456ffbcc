import { describe, expect, it } from 'vitest';
import { contextLaw, doublingGain, PAPER_CONTEXT_LAWS } from '../core/contextLaw';
import { InputError, ShapeError } from '../core/errors';
import { Rng } from '../core/rng';
import { type ContextLawFit, type ContextLawResult, fitContextLaw } from './contextLaw';

const TRUTH = PAPER_CONTEXT_LAWS[0];
const PARAMETERS = ['alpha', 'beta', 'gamma'] as const;

/** 16, 32, ..., 32768 tokens. */
const OCTAVES = Float64Array.from({ length: 12 }, (_, i) => 16 * 2 ** i);

interface Simulation {
  documents?: number;
  /** Standard deviation of a document's own offset, the same in all its bins, nats. */
  offset?: number;
  /** Standard deviation of the noise of every bin of every document, nats. */
  noise?: number;
  contexts?: Float64Array;
  curve?: (c: number) => number;
  seed?: number;
}

function simulate(simulation: Simulation = {}) {
  const { documents = 400, offset = 0.3, noise = 0.5, contexts = OCTAVES, seed = 0 } = simulation;
  const curve = simulation.curve ?? ((c: number) => contextLaw(TRUTH, c));
  const rng = Rng.of(seed, 'context-law/test');
  const losses = new Float64Array(documents * contexts.length);
  for (let row = 0; row < losses.length; row += contexts.length) {
    const own = offset * rng.normal();
    for (let bin = 0; bin < contexts.length; bin++) losses[row + bin] = curve(contexts[bin]) + own + noise * rng.normal();
  }
  return { contexts, losses };
}

function fitted(result: ContextLawResult): ContextLawFit {
  if (!result.fitted) throw new Error(result.reason);
  return result;
}

function reason(result: ContextLawResult): string {
  return result.fitted ? `fitted: beta ${result.beta}` : result.reason;
}

describe("the paper's context laws", () => {
  it.each([
    ['7B', '1.662', '1.600', '0.732'],
    ['13B', '1.527', '1.478', '0.717'],
    ['34B', '1.476', '1.433', '0.707'],
    ['70B', '1.413', '1.372', '0.702'],
  ])('%s gives the derived columns to the printed digits', (model, at4096, at32768, keptByDoubling) => {
    const law = PAPER_CONTEXT_LAWS.find((each) => each.model === model)!;
    expect(contextLaw(law, 4096).toFixed(3)).toBe(at4096);
    expect(contextLaw(law, 32_768).toFixed(3)).toBe(at32768);
    expect((1 - doublingGain(law.beta)).toFixed(3)).toBe(keptByDoubling);
  });

  it.each(PAPER_CONTEXT_LAWS)('$model loses the doubling gain of L - gamma', (law) => {
    const above = (c: number) => contextLaw(law, c) - law.gamma;
    expect(1 - above(2000) / above(1000)).toBeCloseTo(doublingGain(law.beta), 12);
  });
});

describe('a fit', () => {
  it('finds the exact law where documents differ by an offset only', () => {
    const contexts = OCTAVES;
    const offsets = [-0.4, -0.3, -0.2, -0.1, 0.1, 0.2, 0.3, 0.4];
    const losses = Float64Array.from(offsets.flatMap((own) => Array.from(contexts, (c) => contextLaw(TRUTH, c) + own)));
    const fit = fitted(fitContextLaw({ contexts, losses }));
    for (const key of PARAMETERS) expect(fit[key] / TRUTH[key]).toBeCloseTo(1, 4);
    expect(fit.rSquared).toBeCloseTo(1, 8);
    expect(fit.doublingGain).toBeCloseTo(0.268, 4);
    for (const refit of fit.sensitivity) expect(refit.beta).toBeCloseTo(TRUTH.beta, 4);
    // Sample standard deviation of the offsets, sqrt(0.6 / 7), over sqrt(8) documents.
    for (const { standardError } of fit.bins) expect(standardError).toBeCloseTo(Math.sqrt(0.6 / 7 / 8), 10);
  });

  it('is the weighted least squares optimum', () => {
    const fit = fitted(fitContextLaw(simulate(), { resamples: 100 }));
    const squares = (law: Record<(typeof PARAMETERS)[number], number>) =>
      fit.bins.reduce(
        (sum, { context, mean, standardError }) => sum + ((mean - contextLaw(law, context)) / standardError) ** 2,
        0,
      );
    const least = squares(fit);
    expect(least).toBeCloseTo(
      fit.bins.reduce((sum, { residual, standardError }) => sum + (residual / standardError) ** 2, 0),
      8,
    );
    for (const key of PARAMETERS)
      for (const factor of [0.99, 0.9999, 1.0001, 1.01])
        expect(squares({ ...fit, [key]: fit[key] * factor })).toBeGreaterThan(least);
  });

  it('refits from twice and four times the smallest context', () => {
    const fit = fitted(fitContextLaw(simulate({ documents: 2000 }), { resamples: 100 }));
    expect(fit.sensitivity.map(({ minContext }) => minContext)).toEqual([32, 64]);
    for (const { beta, gamma } of fit.sensitivity) {
      expect(Math.abs(beta! - TRUTH.beta)).toBeLessThan(0.1);
      expect(Math.abs(gamma! - TRUTH.gamma)).toBeLessThan(0.1);
    }
    const short = simulate({ documents: 2000, noise: 0.05, contexts: OCTAVES.slice(0, 5) });
    expect(fitted(fitContextLaw(short, { resamples: 100 })).sensitivity).toEqual([
      { minContext: 32, beta: null, gamma: null },
      { minContext: 64, beta: null, gamma: null },
    ]);
  });

  it('is the same under one seed, and only its intervals change with the seed', () => {
    const input = simulate();
    const first = fitted(fitContextLaw(input, { seed: 3 }));
    expect(fitContextLaw(input, { seed: 3 })).toEqual(first);
    const other = fitted(fitContextLaw(input, { seed: 4 }));
    expect(other.intervals).not.toEqual(first.intervals);
    expect({ ...other, intervals: 0 }).toEqual({ ...first, intervals: 0 });
  });

  it('drops the first tokens and every document that misses a bin', () => {
    const whole = simulate({ contexts: Float64Array.of(2, 8, ...OCTAVES) });
    const bins = whole.contexts.length;
    for (let row = 0; row < 10; row++) whole.losses[row * bins] = NaN;
    for (let row = 10; row < 40; row++) whole.losses[row * bins + 2 + (row % 12)] = NaN;
    const complete = Array.from({ length: 400 }, (_, row) => row).filter((row) => row < 10 || row >= 40);
    const losses = Float64Array.from(complete.flatMap((row) => [...whole.losses.subarray(row * bins + 2, (row + 1) * bins)]));
    const fit = fitted(fitContextLaw(whole));
    expect(fit.documents).toBe(370);
    expect(fit).toEqual(fitContextLaw({ contexts: OCTAVES, losses }));
    expect(fitted(fitContextLaw(whole, { minContext: 8 })).bins[0].context).toBe(8);
  });

  it('covers the truth with its 95 % intervals in 182 to 199 of 200 trials', { timeout: 60_000 }, () => {
    const held = { alpha: 0, beta: 0, gamma: 0 };
    for (let trial = 0; trial < 200; trial++) {
      const { intervals } = fitted(fitContextLaw(simulate({ seed: trial }), { resamples: 200, seed: trial }));
      for (const key of PARAMETERS) held[key] += Number(intervals[key].lower <= TRUTH[key] && TRUTH[key] <= intervals[key].upper);
    }
    for (const key of PARAMETERS) {
      expect(held[key], key).toBeGreaterThanOrEqual(182);
      expect(held[key], key).toBeLessThanOrEqual(199);
    }
  });
});

describe('a fit is refused', () => {
  it('below four bins, one decade and eight documents', () => {
    expect(reason(fitContextLaw(simulate({ contexts: Float64Array.of(8, 16, 128, 1024) })))).toBe(
      'The context law needs at least 4 bins at c >= 16; 3 came.',
    );
    expect(reason(fitContextLaw(simulate({ contexts: Float64Array.of(4, 16, 32, 64, 128) })))).toBe(
      'The context law needs bins over at least one decade of context; they reach from c = 16 to 128, a factor of 8.',
    );
    expect(reason(fitContextLaw({ contexts: new Float64Array(), losses: new Float64Array() }))).toContain('; 0 came');
    const few = simulate({ documents: 9 });
    few.losses[5] = few.losses[20] = NaN;
    expect(reason(fitContextLaw(few))).toBe(
      'The context law needs at least 8 documents with a token in each of the 12 bins; 7 of 9 documents have one.',
    );
  });

  it('for a flat curve, whatever the noise', () => {
    for (let seed = 0; seed < 200; seed++) {
      const flat = simulate({ curve: () => 2, documents: 40, seed });
      expect(reason(fitContextLaw(flat, { resamples: 100, seed }))).toMatch(/^The context law needs/);
    }
    const offsetOnly = simulate({ curve: () => 2, noise: 0 });
    expect(fitContextLaw(offsetOnly).fitted).toBe(false);
  });

  it('for a rising curve, one without a floor and one that falls at once', () => {
    const falls = 'The context law needs a loss that falls towards a floor as context grows; it';
    const tell = (curve: (c: number) => number) => reason(fitContextLaw(simulate({ curve, noise: 0.1, offset: 0 })));
    expect(tell((c) => 2 + 0.1 * Math.log(c))).toContain(`${falls} is flat or rises, from 2.2`);
    expect(tell((c) => 5 - 0.01 * Math.sqrt(c))).toContain(`${falls}s best curve has no floor, from 4.9`);
    expect(tell((c) => (c < 20 ? 3 : 2))).toContain(
      `${falls}s best curve falls in the first bins only, from 3 at c = 16 to 1.99 at c = 32768.`,
    );
  });

  it('where beta is not told from 0 or only within a factor above 3', () => {
    expect(reason(fitContextLaw(simulate({ noise: 3, documents: 60, seed: 1 })))).toMatch(
      /^The context law needs an interval of beta (above 0; it is -[\d.]+ to|within a factor of 3; it is [\d.]+ to [\d.]+, (a factor of|where))/,
    );
    const reasons = Array.from({ length: 40 }, (_, seed) => reason(fitContextLaw(simulate({ noise: 2, documents: 50, seed }))));
    expect(reasons.some((text) => /above 0; it is (0|-[\d.]+) to [\d.]+\.$/.test(text))).toBe(true);
    expect(reasons.some((text) => /within a factor of 3; it is [\d.]+ to [\d.]+, a factor of [\d.]+\.$/.test(text))).toBe(true);
  });

  it('where losses are infinite or documents alike', () => {
    const input = simulate({ documents: 10 });
    const broken = input.losses.slice();
    broken[7] = Infinity;
    expect(reason(fitContextLaw({ ...input, losses: broken }))).toBe('The context law needs finite losses; some are infinite.');
    expect(reason(fitContextLaw(simulate({ offset: 0, noise: 0 })))).toContain('all have the same loss at c = 16');
  });

  it('by an error where the input has no meaning', () => {
    const { contexts, losses } = simulate({ documents: 10 });
    expect(() => fitContextLaw({ contexts, losses: losses.slice(1) })).toThrow(ShapeError);
    expect(() => fitContextLaw({ contexts: contexts.slice().reverse(), losses })).toThrow(InputError);
    expect(() => fitContextLaw({ contexts, losses }, { resamples: 10 })).toThrow('at least 100 resamples');
    expect(() => fitContextLaw({ contexts, losses }, { minContext: 0 })).toThrow('minContext above 0');
  });
});
