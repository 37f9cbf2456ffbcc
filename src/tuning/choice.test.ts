import { describe, expect, it } from 'vitest';
import { chooseVariant } from './choice';

const timing = (variant: string, ...ms: number[]) => ({ variant, ms });

describe('chooseVariant', () => {
  it('takes a variant that is faster by more than margin and noise', () => {
    const choice = chooseVariant([timing('default', 10, 10.2, 10.1), timing('other', 8, 8.1, 8.2), timing('third', 9, 9, 9)]);
    expect(choice).toEqual({ variant: 'other', why: '20 % faster than default' });
  });

  it('stays where another is faster by less than 5 %', () => {
    const choice = chooseVariant([timing('default', 10, 10, 10), timing('other', 9.6, 9.6, 9.6)]);
    expect(choice).toEqual({ variant: 'default', why: 'other is 4.0 % faster, not more than 5.0 %' });
  });

  it('stays where the gain is within the noise of either', () => {
    const noisy = timing('other', 5, 8, 14);
    expect(chooseVariant([timing('default', 10, 10, 10), noisy])).toEqual({
      variant: 'default',
      why: 'other is 20 % faster, not more than the noise',
    });
    expect(chooseVariant([timing('default', 7, 10, 13), timing('other', 8, 8, 8)]).variant).toBe('default');
  });

  it('is not moved by one slow round', () => {
    const choice = chooseVariant([timing('default', 10, 10, 10, 10, 10), timing('other', 8, 8, 80, 8, 8)]);
    expect(choice.variant).toBe('other');
  });

  it('stays on a tie, when it is the fastest, alone, or timed too rarely', () => {
    expect(chooseVariant([timing('default', 5, 5, 5), timing('other', 5, 5, 5)]).why).toBe('the fastest');
    expect(chooseVariant([timing('default', 5, 5, 5), timing('other', 6, 6, 6)]).why).toBe('the fastest');
    expect(chooseVariant([timing('default', 5)]).variant).toBe('default');
    expect(chooseVariant([timing('default', 9, 9), timing('other', 1, 1)]).why).toMatch(/too few/);
  });

  it('stays where the clock saw nothing', () => {
    expect(chooseVariant([timing('default', 0, 0, 0), timing('other', 0, 0, 0)]).variant).toBe('default');
  });
});
