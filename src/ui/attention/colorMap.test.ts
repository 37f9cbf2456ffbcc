import { describe, expect, it } from 'vitest';
import { changeColor, changeLimit, massColor, massPosition } from './colorMap';

describe('massPosition', () => {
  it('spreads three decades over the log scale', () => {
    expect(massPosition(1, 'log')).toBe(1);
    expect(massPosition(0.1, 'log')).toBeCloseTo(2 / 3, 12);
    expect(massPosition(0.001, 'log')).toBeCloseTo(0, 12);
    expect(massPosition(1e-9, 'log')).toBe(0);
    expect(massPosition(0, 'log')).toBe(0);
  });

  it('is the mass itself on the linear scale', () => {
    expect(massPosition(0.25, 'linear')).toBe(0.25);
    expect(massPosition(1.0000001, 'linear')).toBe(1);
  });
});

describe('colours', () => {
  it('run from the dark to the bright end of viridis', () => {
    expect(massColor(0, 'log')).toEqual([0x44, 0x01, 0x54]);
    expect(massColor(1, 'log')).toEqual([0xfd, 0xe7, 0x25]);
  });

  it('are white where nothing changed, red for more, blue for less', () => {
    const [red, green, blue] = changeColor(0, 0.1);
    expect(Math.min(red, green, blue)).toBeGreaterThan(230);
    const more = changeColor(0.1, 0.1);
    const less = changeColor(-0.1, 0.1);
    expect(more[0]).toBeGreaterThan(more[2]);
    expect(less[2]).toBeGreaterThan(less[0]);
    expect(changeColor(5, 0.1)).toEqual(more);
  });
});

describe('changeLimit', () => {
  it('is the next of 1, 2, 5 per decade', () => {
    expect(changeLimit([0.03, -0.04])).toBe(0.05);
    expect(changeLimit([0])).toBe(0.01);
    expect(changeLimit([-0.9])).toBe(1);
  });
});
