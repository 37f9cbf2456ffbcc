import { describe, expect, it } from 'vitest';
import { requestGpu } from '../gpu/device';
import { attentionStatistics as oracle } from '../reference/attentionStatistics';
import { flashForward } from './attention';
import {
  attentionDistanceProfile,
  attentionStatistics,
  attentionStatisticsReduce,
  distanceBins,
  STATISTICS,
  statisticsWidth,
} from './attentionStatistics';
import { attentionVariants } from './attentionVariants';
import { expectClose, runDispatches, sumTolerance } from './parity';
import { createTensor } from './tensor';
import { type AttentionCaseOptions, createAttentionCase } from './testing/attentionCase';

const gpu = await requestGpu(navigator.gpu);
const tensor = (name: string, ...shape: number[]) => createTensor(name, shape, 'working set');

/** Each with the token indices of its chosen queries: document starts, ends, and both rows of the batch. */
const CASES: (AttentionCaseOptions & { queries: number[] })[] = [
  { batch: 1, length: 1, queryHeads: 1, keyValueHeads: 1, headDim: 8, queries: [0] },
  {
    batch: 2,
    length: 65,
    queryHeads: 4,
    keyValueHeads: 1,
    headDim: 48,
    documents: [1, 40, 24],
    queries: [0, 1, 40, 41, 64, 70, 129],
  },
  { batch: 1, length: 257, queryHeads: 2, keyValueHeads: 2, headDim: 32, queries: [256, 3, 128, 129, 255] },
];

async function probe({ queries, ...options }: (typeof CASES)[number]) {
  const { shape, scale, tensors, inputs, problem } = createAttentionCase(options);
  const { batch, length, queryHeads, headDim } = shape;
  const { qkv, docBounds } = tensors;
  const o = tensor('o', batch * length, queryHeads, headDim);
  const softmax = tensor('softmax', batch * length, queryHeads, 2);
  const queryRows = tensor('query_rows', queries.length);
  const statistics = tensor('statistics', queries.length, queryHeads, statisticsWidth(length));
  const sums = tensor('sums', queryHeads, statisticsWidth(length));
  const profile = tensor('profile', queryHeads, length);
  const operands = { qkv, softmax, docBounds, queryRows, shape, scale };
  const dispatches = [
    flashForward({ q: qkv, kv: qkv, docBounds, o, softmax, shape, scale }, attentionVariants(gpu.facts, headDim)),
    attentionStatistics({ ...operands, statistics }),
    attentionStatisticsReduce({ statistics, sums }),
    attentionDistanceProfile({ ...operands, profile }),
  ];
  const uploads = inputs.filter(([input]) => input === qkv || input === docBounds);
  const results = await runDispatches(gpu, dispatches, [...uploads, [queryRows, Uint32Array.from(queries)]], [sums, profile]);
  return { sums: results[0], profile: results[1], expected: oracle(problem, queries).heads };
}

describe('attention statistics', () => {
  it.each(CASES)('agree with the oracle at B $batch T $length N $queryHeads K $keyValueHeads H $headDim', async (test) => {
    const { sums, profile, expected } = await probe(test);
    const { length, queries } = test;
    const width = statisticsWidth(length);
    const tolerance = sumTolerance(length * queries.length);
    expected.forEach((head, n) => {
      const mean = [...sums.subarray(n * width, (n + 1) * width)].map((sum) => sum / queries.length);
      const [distance, firstTokenMoment, firstTokenMass, entropy, ...histogram] = mean;
      expectClose(
        [distance, firstTokenMass, entropy],
        [head.meanDistance, head.firstTokenMass, head.entropy],
        tolerance,
        `head ${n}`,
      );
      expectClose(histogram, head.histogram, tolerance, `histogram of head ${n}`);
      if (head.retainedMass > 0)
        expectClose(
          [(distance - firstTokenMoment) / (1 - firstTokenMass)],
          [head.meanDistanceWithoutFirst],
          tolerance,
          `mean distance without the first token of head ${n}`,
        );
      const masses = profile.subarray(n * length, (n + 1) * length).map((sum) => sum / queries.length);
      expectClose(masses, head.massByDistance, tolerance, `distance profile of head ${n}`);
    });
  });

  it('have a bin for every distance of a row and no more', () => {
    expect([1, 2, 3, 4, 5, 8, 9, 2048, 131_072].map(distanceBins)).toEqual([1, 2, 3, 3, 4, 4, 5, 12, 18]);
    expect(statisticsWidth(2048)).toBe(STATISTICS.length + 12);
  });

  it('refuse an output whose width is not that of the row length', () => {
    const { shape, scale, tensors } = createAttentionCase({ batch: 1, length: 16, queryHeads: 2, keyValueHeads: 1, headDim: 8 });
    const operands = { ...tensors, softmax: tensor('softmax', 16, 2, 2), queryRows: tensor('query_rows', 3), shape, scale };
    expect(() => attentionStatistics({ ...operands, statistics: tensor('statistics', 3, 2, 8) })).toThrow(
      /statistics of shape \[3,2,9\], got \[3,2,8\]/,
    );
  });
});
