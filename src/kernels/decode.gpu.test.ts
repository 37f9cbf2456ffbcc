import { describe, expect, it } from 'vitest';
import { requestGpu } from '../gpu/device';
import { attentionForward } from '../reference/attention';
import type { AttentionShape } from './attentionShape';
import { flashDecode } from './decode';
import type { Dispatch } from './dispatch';
import { expectClose, sumTolerance } from './parity';
import { emptyTensor, normals, runTwice } from './testing/operands';

const gpu = await requestGpu(navigator.gpu);

/** Rooms on either side of a chunk, groups of one to six query heads, head dimensions that do and do not divide a workgroup. */
const CASES: (AttentionShape & { position: number })[] = [
  { batch: 1, length: 1, queryHeads: 1, keyValueHeads: 1, headDim: 8, position: 0 },
  { batch: 1, length: 255, queryHeads: 2, keyValueHeads: 1, headDim: 32, position: 254 },
  { batch: 1, length: 600, queryHeads: 8, keyValueHeads: 2, headDim: 64, position: 256 },
  { batch: 1, length: 513, queryHeads: 6, keyValueHeads: 1, headDim: 80, position: 512 },
  { batch: 1, length: 900, queryHeads: 5, keyValueHeads: 1, headDim: 16, position: 7 },
  { batch: 1, length: 300, queryHeads: 4, keyValueHeads: 4, headDim: 128, position: 290 },
];

const at = (dispatch: Dispatch, position: number): Dispatch => ({
  ...dispatch,
  params: { ...dispatch.params, first_query: position },
});

describe('flash_decode', () => {
  it.each(CASES)(
    'agrees with the oracle at position $position of $length, N $queryHeads K $keyValueHeads H $headDim',
    async (c) => {
      const { length: T, queryHeads: N, keyValueHeads: K, headDim: H, position } = c;
      const [q, kv, o] = [normals('q', [1, N, H]), normals('kv', [T, 2 * K, H]), emptyTensor('o', 1, N, H)];
      const scale = 1 / Math.sqrt(H);
      const dispatches = flashDecode({ q: q.tensor, kv: kv.tensor, o, shape: c, scale });
      const [actual] = await runTwice(
        gpu,
        dispatches.map((dispatch) => at(dispatch, position)),
        [q, kv],
        [o],
      );
      // The oracle has a query at every position; only the last one's is looked at.
      const tokens = position + 1;
      const heads = (first: number) =>
        Float64Array.from(
          { length: tokens * K * H },
          (_, i) => kv.doubles[Math.floor(i / (K * H)) * 2 * K * H + first + (i % (K * H))],
        );
      const queries = new Float64Array(tokens * N * H);
      queries.set(q.doubles, position * N * H);
      const docStart = new Uint32Array(tokens);
      const expected = attentionForward({ q: queries, k: heads(0), v: heads(K * H), B: 1, T: tokens, N, K, H, docStart, scale });
      expectClose(actual, expected.o.subarray(position * N * H), sumTolerance(tokens), 'o');
    },
  );

  it('refuses more than one row', () => {
    const shape = { batch: 2, length: 4, queryHeads: 1, keyValueHeads: 1, headDim: 8 };
    const tensor = emptyTensor('x', 1, 1, 8);
    expect(() => flashDecode({ q: tensor, kv: tensor, o: tensor, shape, scale: 1 })).toThrow(/a batch of one row, got 2/);
  });
});
