import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng';
import { requestGpu } from '../gpu/device';
import { embeddingBackward as embeddingBackwardOracle, embeddingForward as embeddingForwardOracle } from '../reference/embedding';
import { embeddingBackward, embeddingForward, sortTokens } from './embedding';
import { expectClose, sumTolerance } from './parity';
import { emptyTensor, floats, integers, normals, runTwice } from './testing/operands';

const gpu = await requestGpu(navigator.gpu);

/** Ids of a third of the vocabulary, so that some repeat and others never come. */
function tokens(rows: number, vocabulary: number): Uint32Array {
  const rng = Rng.of(0, `tokens[${rows},${vocabulary}]`);
  return Uint32Array.from({ length: rows }, () => Math.min(vocabulary - 1, 3 * rng.integer(Math.ceil(vocabulary / 3))));
}

const SIZES = [
  { rows: 1, vocabulary: 5, stride: 4 },
  { rows: 63, vocabulary: 33, stride: 20 },
  { rows: 65, vocabulary: 512, stride: 64 },
  { rows: 257, vocabulary: 5, stride: 172 },
];

describe.each(SIZES)('embedding of $rows tokens, vocabulary $vocabulary, width $stride', ({ rows, vocabulary, stride }) => {
  const ids = tokens(rows, vocabulary);
  const paddedVocabulary = Math.ceil(vocabulary / 4) * 4;

  it('forward copies rows bit for bit', async () => {
    const weight = normals('weight', [paddedVocabulary, stride]);
    const [operand, x] = [integers('ids', [rows], ids), emptyTensor('x', rows, stride)];
    const dispatch = embeddingForward({ ids: operand.tensor, weight: weight.tensor, x, vocabulary });
    const [result] = await runTwice(gpu, [dispatch], [operand, weight], [x]);
    expect(result).toEqual(Float32Array.from(embeddingForwardOracle(ids, weight.doubles, stride)));
  });

  it('backward adds every occurrence of an id and leaves absent ids and padding alone', async () => {
    const dx = normals('dx', [rows, stride]);
    const dweight = normals('dweight', [paddedVocabulary, stride]);
    const { order, start } = sortTokens(ids, vocabulary);
    const [tokenOrder, tokenStart] = [integers('order', [rows], order), integers('start', [vocabulary + 1], start)];
    const dispatch = embeddingBackward({
      tokenOrder: tokenOrder.tensor,
      tokenStart: tokenStart.tensor,
      dx: dx.tensor,
      dweight: dweight.tensor,
      vocabulary,
    });
    const [result] = await runTwice(gpu, [dispatch], [tokenOrder, tokenStart, dx, dweight], [dweight.tensor]);
    const added = embeddingBackwardOracle(ids, dx.doubles, paddedVocabulary, stride);
    const expected = dweight.doubles.map((value, i) => value + added[i]);
    expectClose(result, expected, sumTolerance(rows), 'embedding_backward');
    const present = new Set(ids);
    result.forEach((value, i) => {
      if (!present.has(Math.floor(i / stride))) expect(value).toBe(dweight.values[i]);
    });
  });
});

it('reads the last row for an id past the vocabulary', async () => {
  const [ids, weight, x] = [
    integers('ids', [2], [5, 4_000_000]),
    floats(
      'weight',
      [8, 4],
      Array.from({ length: 32 }, (_, i) => i),
    ),
    emptyTensor('x', 2, 4),
  ];
  const [result] = await runTwice(
    gpu,
    [embeddingForward({ ids: ids.tensor, weight: weight.tensor, x, vocabulary: 5 })],
    [ids, weight],
    [x],
  );
  expect([...result]).toEqual([16, 17, 18, 19, 16, 17, 18, 19]);
});

describe('sortTokens', () => {
  it('groups positions by id, each group in order', () => {
    const { order, start } = sortTokens(Uint32Array.of(2, 0, 2, 4, 0), 5);
    expect([...order]).toEqual([1, 4, 0, 2, 3]);
    expect([...start]).toEqual([0, 2, 2, 4, 4, 5]);
  });
});
