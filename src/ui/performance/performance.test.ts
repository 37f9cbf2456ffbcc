import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fixtureProfile } from '../../store/testing/profileFixture';
import { familyOf } from './operationFamily';
import { figuresTable, kernelTable, sortKernels, timelineTable } from './profileTables';
import { placeLabels, rooflineModel } from './roofline';
import { barSegments, familyTimes, PHASES, phaseBrackets, phaseTime, segmentAt } from './stepTimeline';

const profile = fixtureProfile();

describe('families', () => {
  it('hold every kernel of a training step', () => {
    const shaders = readdirSync('shaders').filter((file) => file.endsWith('.wgsl'));
    const kernels = shaders.filter((file) => readFileSync(`shaders/${file}`, 'utf8').includes('@compute'));
    const other = kernels.map((file) => file.replace('.wgsl', '')).filter((kernel) => familyOf(kernel) === 'other');
    // What the benchmark runs, and the conversion to float16.
    expect(other).toEqual(['fma_peak', 'to_half']);
  });
});

describe('the bar of a step', () => {
  it('covers the step end to end, in the order of the timeline', () => {
    const segments = barSegments(profile.timeline);
    expect(segments.map(({ kernel }) => kernel)).toEqual(profile.timeline.map(({ kernel }) => kernel));
    segments.forEach(({ left, width }, i) => void expect(left + width).toBeCloseTo(segments[i + 1]?.left ?? 1, 12));
  });

  it('shows one phase alone over its whole width', () => {
    const segments = barSegments(profile.timeline, 'loss');
    expect(segments.map(({ kernel }) => kernel)).toEqual(['matmul_nt.lm_head', 'cross_entropy.train']);
    expect(segments[0].left).toBe(0);
    expect(segments[0].width + segments[1].width).toBeCloseTo(1, 12);
    expect(segments[0].width / segments[1].width).toBeCloseTo(segments[0].ms / segments[1].ms, 9);
  });

  it('brackets neighbouring spans of a phase, as often as the phase returns', () => {
    const [forward, , , optimizer] = phaseBrackets(barSegments(profile.timeline));
    expect(forward.ms).toBeCloseTo(phaseTime(profile, 'forward'), 9);
    expect(optimizer.left + optimizer.width).toBeCloseTo(1, 12);
    const twice = [...profile.timeline, ...profile.timeline.map((span) => ({ ...span, startMs: span.startMs + 100 }))];
    expect(phaseBrackets(barSegments(twice)).map(({ phase }) => phase)).toEqual([...PHASES, ...PHASES]);
  });

  it('finds the span under the pointer, at the edges too', () => {
    const segments = barSegments(profile.timeline);
    segments.forEach(({ left, width }, i) => void expect(segmentAt(segments, left + width / 2)).toBe(i));
    expect(segmentAt(segments, -0.1)).toBe(0);
    expect(segmentAt(segments, 1.1)).toBe(segments.length - 1);
  });

  it('has a legend that adds up to the step', () => {
    const times = familyTimes(profile);
    expect(times.map(({ family }) => family)).toEqual(['matmul', 'attention', 'norm', 'loss', 'embedding', 'optimizer']);
    expect(times.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(profile.kernelMs, 9);
  });
});

describe('the tables of a profile', () => {
  it('hold every span, every kernel and every figure', () => {
    expect(timelineTable(profile).rows).toHaveLength(profile.timeline.length);
    expect(kernelTable(profile).rows).toHaveLength(profile.kernels.length);
    expect(Object.fromEntries(figuresTable(profile).rows)).toMatchObject({
      kernel_ms: profile.kernelMs,
      longest_dispatch_ms: profile.longestDispatchMs,
      fma_gflops_per_second: 4000,
      clock: 'timestamps',
    });
  });

  it('sort by any column, both ways, without touching the profile', () => {
    const first = (by: 'kernel' | 'calls' | 'gigabytesPerSecond', descending: boolean) =>
      sortKernels(profile.kernels, { by, descending })[0];
    expect(first('kernel', false).kernel).toBe('adamw.weights');
    expect(first('kernel', true).kernel).toBe('swiglu_forward.mlp');
    expect(first('calls', false).calls).toBe(1);
    const fastest = Math.max(...profile.kernels.map(({ gigabytesPerSecond }) => gigabytesPerSecond));
    expect(first('gigabytesPerSecond', true).gigabytesPerSecond).toBe(fastest);
    expect(profile.kernels).toEqual(fixtureProfile().kernels);
  });
});

describe('the roofline', () => {
  it('has a dot per kernel that computes, the slowest first, and names the others', () => {
    const { points, leftOut } = rooflineModel(profile);
    expect(leftOut).toEqual(['embedding_forward.tokens']);
    expect(points).toHaveLength(profile.kernels.length - 1);
    expect(points[0].kernel).toBe('matmul_tn.mlp');
    // 1.1 GFLOP on 6 MB.
    expect(points[0].intensity).toBeCloseTo(1100 / 6, 6);
  });

  it('meets its roofs at peak over bandwidth, and every dot lies inside the axes', () => {
    const { points, ridge, intensities, rates } = rooflineModel(profile);
    expect(ridge).toBe(20);
    for (const { intensity, gflopsPerSecond } of points) {
      expect(intensity).toBeGreaterThan(intensities[0]);
      expect(intensity).toBeLessThan(intensities[1]);
      expect(gflopsPerSecond).toBeGreaterThan(rates[0]);
      expect(gflopsPerSecond).toBeLessThan(rates[1]);
    }
    expect(rates[1]).toBe(10_000);
  });

  it('names a dot on its free side, and not at all where both are taken', () => {
    const letter = { width: 5, height: 10 };
    const bounds = { left: 0, right: 200 };
    const dot = (text: string, x: number, y: number) => ({ text, x, y, radius: 4 });
    expect(placeLabels([dot('right', 50, 50)], 1, bounds, letter)).toEqual([{ text: 'right', x: 57, y: 50 }]);
    expect(placeLabels([dot('at the edge', 190, 50)], 1, bounds, letter)[0].x).toBe(128);
    const crowded = [dot('in the middle', 100, 50), dot('b', 120, 50), dot('c', 80, 50)];
    expect(placeLabels(crowded, 1, bounds, letter)).toEqual([]);
    expect(placeLabels([dot('one', 50, 50), dot('other', 150, 50)], 1, bounds, letter)).toHaveLength(1);
  });
});
