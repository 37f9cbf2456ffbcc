import { describe, expect, it } from 'vitest';
import { parameterCount } from '../../core/modelConfig';
import { draftModel } from '../../store/recipe/draftModel';
import { FACTS } from '../../store/testing/fakeLab';
import { FIXTURE_RECIPE } from '../../store/testing/recordedFixture';
import { parseNumber } from '../controls/NumberField';
import { formatBytes, formatCount, formatDuration, formatFlops, formatTick } from '../format';
import { addStage, boundaries, moveBoundary, removeStage } from './curriculum/stageDrag';
import { withShare } from './DataMix';
import { DIAL_STEPS, dialOf, shapeAtDial } from './modelDial';

const STAGES = [
  { sequence_length: 256, share: 0.25 },
  { sequence_length: 512, share: 0.25 },
  { sequence_length: 1024, share: 0.5 },
];
const shares = (stages: { share: number }[]) => stages.map(({ share }) => share);

describe('the curriculum editor', () => {
  it('moves one boundary and leaves the other stages alone', () => {
    expect(shares(moveBoundary(STAGES, 0, 0.4))).toEqual([0.4, 0.1, 0.5]);
  });

  it('keeps a stage from vanishing', () => {
    expect(shares(moveBoundary(STAGES, 1, 0.1))).toEqual([0.25, 0.02, 0.73]);
  });

  it('normalises shares that do not sum to 1', () => {
    expect(
      boundaries([
        { sequence_length: 1, share: 3 },
        { sequence_length: 2, share: 1 },
      ]),
    ).toEqual([0.75, 1]);
  });

  it('adds a stage of twice the length and gives a removed one to its neighbour', () => {
    expect(addStage(STAGES).at(-1)).toEqual({ sequence_length: 2048, share: 0.25 });
    expect(removeStage(STAGES, 1)).toEqual([
      { sequence_length: 256, share: 0.5 },
      { sequence_length: 1024, share: 0.5 },
    ]);
    expect(shares(removeStage(STAGES, 0))).toEqual([0.5, 0.5]);
  });
});

describe('the data mix', () => {
  it('sets one share and keeps the proportions of the others', () => {
    const mix = [
      { name: 'a', share: 0.5 },
      { name: 'b', share: 0.3 },
      { name: 'c', share: 0.2 },
    ];
    expect(shares(withShare(mix, 0, 0.75))).toEqual([0.75, 0.15, 0.1]);
    expect(
      shares(
        withShare(
          [
            { name: 'a', share: 1 },
            { name: 'b', share: 0 },
          ],
          0,
          0.4,
        ),
      ),
    ).toEqual([0.4, 0.6]);
  });
});

describe('the size dial', () => {
  it('gives a shape that the dial recognises, at every step', () => {
    for (let dial = 1; dial <= DIAL_STEPS; dial++) expect(dialOf(shapeAtDial(dial, 1024))).toBe(dial);
    expect(dialOf({ ...shapeAtDial(2, 1024), head_dim: 64 })).toBeUndefined();
  });

  it('grows', () => {
    const sizes = [1, 2, 3, 4].map((dial) => {
      const model = draftModel({ ...FIXTURE_RECIPE, model: { shape: shapeAtDial(dial, 1024) } }, undefined);
      return model ? parameterCount(model) : 0;
    });
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(sizes[0]).toBeGreaterThan(50_000);
  });
});

describe('the draft model', () => {
  it('is the checkpoint’s where the recipe names one', () => {
    expect(draftModel(FIXTURE_RECIPE, FACTS)).toMatchObject({ hiddenSize: 128, headDim: 32, maxPositionEmbeddings: 1024 });
    expect(draftModel(FIXTURE_RECIPE, undefined)).toBeUndefined();
  });
});

describe('numbers', () => {
  it.each([
    ['500000', 500_000],
    ['5e5', 500_000],
    ['500,000', 500_000],
    ['500k', 500_000],
    ['1.5M', 1_500_000],
    ['-3', -3],
  ])('reads %s', (text, value) => expect(parseNumber(text)).toBe(value));

  it.each(['', 'abc', '1.2.3', '5 apples', 'e5'])('refuses %j', (text) => expect(parseNumber(text)).toBeNaN());

  it('writes counts, sizes and durations with their units', () => {
    expect(formatCount(917_000)).toBe('917k');
    expect(formatCount(1_048_576)).toBe('1.05M');
    expect(formatCount(999_999)).toBe('1.00M');
    expect(formatTick(50_000)).toBe('50k');
    expect(formatTick(1_500_000)).toBe('1.5M');
    expect(formatTick(100)).toBe('100');
    expect(formatBytes(12.4 * 2 ** 20)).toBe('12.4 MiB');
    expect(formatFlops(3.41e12)).toBe('3.41 TFLOP');
    expect(formatDuration(200)).toBe('3 min 20 s');
    expect(formatDuration(7500)).toBe('2 h 05 min');
    expect(formatDuration(Number.POSITIVE_INFINITY)).toBe('–');
  });
});
