import { it } from 'vitest';
import { Rng } from '../core/rng';
import { contextLaw, fitContextLaw } from './contextLaw';

const contexts = Float64Array.from({ length: 12 }, (_, i) => 16 * 2 ** i);
it('sim', { timeout: 600000 }, () => {
  for (const [docs, off, tok, resamples, label, beta] of [
    [400, 0.3, 0.5, 200, 'const', 0.45],
    [400, 0.3, 0.5, 400, 'const', 0.45],
    [400, 0.3, 2.5, 200, 'tokens', 0.45],
    [400, 0.3, 1, 200, 'const', 0.45],
    [400, 0.0, 0.5, 200, 'const', 0.45],
    [400, 0.6, 0.3, 200, 'const', 0.45],
    [50, 0.3, 0.3, 200, 'const', 0.45],
    [16, 0.2, 0.15, 200, 'const', 0.45],
    [8, 0.2, 0.1, 200, 'const', 0.45],
    [400, 0.3, 0.5, 200, 'flat', 0],
    [40, 0.3, 0.5, 200, 'flat', 0],
    [8, 0.3, 0.5, 200, 'flat', 0],
  ] as [number, number, number, number, string, number][]) {
    const truth = { alpha: 25.4, beta: 0.45, gamma: 1.56 };
    const hit = { alpha: 0, beta: 0, gamma: 0 };
    let mean = 0,
      width = 0,
      fitted = 0;
    const reasons: Record<string, number> = {};
    const start = performance.now();
    for (let t = 0; t < 200; t++) {
      const rng = Rng.of(t, 'trial');
      const losses = new Float64Array(docs * 12);
      for (let d = 0; d < docs; d++) {
        const o = off * rng.normal();
        for (let b = 0; b < 12; b++)
          losses[d * 12 + b] =
            (label === 'flat' ? 2 : contextLaw(truth, contexts[b])) +
            o +
            (label === 'tokens' ? tok / Math.sqrt(0.7 * contexts[b]) : tok) * rng.normal();
      }
      const r = fitContextLaw({ contexts, losses }, { resamples, seed: t });
      if (!r.fitted) {
        const k = r.reason.replace(/[\d.-]+/g, '#');
        reasons[k] = (reasons[k] ?? 0) + 1;
        continue;
      }
      fitted++;
      mean += r.beta;
      width += r.intervals.beta.upper - r.intervals.beta.lower;
      for (const k of ['alpha', 'beta', 'gamma'] as const)
        if (r.intervals[k].lower <= truth[k] && truth[k] <= r.intervals[k].upper) hit[k]++;
    }
    console.log(
      docs,
      off,
      tok,
      resamples,
      label,
      JSON.stringify(hit),
      'fitted',
      fitted,
      'mean',
      (mean / fitted).toFixed(4),
      'width',
      (width / fitted).toFixed(4),
      'ms',
      (performance.now() - start).toFixed(0),
      JSON.stringify(reasons),
    );
  }
});
