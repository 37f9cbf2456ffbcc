import { type Dispatch, equalRanges, linearWorkgroups, partOf, rowPieces, scalarTypes } from './dispatch';
import { checkWidths } from './matmul';
import { expectShape, rowAlignment, rowsOf, type Tensor, tensorBytes } from './tensor';

/** x (M, stride) = weight[ids]. `weight` (≥ V, stride) may have padding rows past the vocabulary. */
export function embeddingForward(o: { ids: Tensor; weight: Tensor; x: Tensor; vocabulary: number }): Dispatch {
  const [rows, stride] = o.x.shape;
  checkWidths('embedding_forward', { stride });
  expectShape('embedding_forward', 'ids', o.ids, [rows]);
  return {
    label: `embedding_forward.tokens[${rows}x${stride}]`,
    shader: 'embedding_forward',
    constants: scalarTypes({ weight: o.weight, x: o.x }),
    tensors: { ids: o.ids, weight: o.weight, x: o.x },
    params: { rows, stride, vocabulary: o.vocabulary },
    workgroups: linearWorkgroups((rows * stride) / 4),
    flops: 0,
    bytes: 2 * tensorBytes(o.x),
    split: (pieces) =>
      rowPieces([o.x, o.ids], pieces, (window) => embeddingForward({ ...o, x: window(o.x), ids: window(o.ids) })),
  };
}

interface EmbeddingBackwardOperands {
  /** (M) token positions sorted by id; (V + 1) first entry of each id: see `sortTokens`. */
  tokenOrder: Tensor;
  tokenStart: Tensor;
  dx: Tensor;
  /** (≥ V, stride), accumulated. */
  dweight: Tensor;
  vocabulary: number;
}

export function embeddingBackward(operands: EmbeddingBackwardOperands): Dispatch {
  const { tokenOrder, tokenStart, dx, dweight, vocabulary } = operands;
  const [rows, stride] = dx.shape;
  checkWidths('embedding_backward', { stride });
  expectShape('embedding_backward', 'tokenOrder', tokenOrder, [rows]);
  expectShape('embedding_backward', 'tokenStart', tokenStart, [vocabulary + 1]);
  return {
    label: `embedding_backward.tokens[${rows}x${stride}]`,
    shader: 'embedding_backward',
    constants: {},
    tensors: { token_order: tokenOrder, token_start: tokenStart, dx, dweight },
    params: { stride, vocabulary },
    workgroups: linearWorkgroups((vocabulary * stride) / 4),
    flops: rows * stride,
    bytes: 4 * rows * stride,
    // Along the vocabulary: entries are independent, and each sums its tokens in the same order.
    split: (pieces) => {
      const ranges = equalRanges(vocabulary, pieces, Math.max(rowAlignment(tokenStart), rowAlignment(dweight)));
      return ranges.map(([first, end], i) => {
        const count = end - first;
        const starts = rowsOf(tokenStart, first, count + 1);
        const entries = rowsOf(dweight, first, count);
        const piece = embeddingBackward({ ...operands, tokenStart: starts, dweight: entries, vocabulary: count });
        const share = count / vocabulary;
        return partOf({ ...piece, flops: piece.flops * share, bytes: piece.bytes * share }, i, ranges.length);
      });
    },
  };
}

/** Counting sort of token positions by id: what `embedding_backward` gathers by. Stable, so sums keep one order. */
export function sortTokens(
  ids: Uint32Array,
  vocabulary: number,
): { order: Uint32Array<ArrayBuffer>; start: Uint32Array<ArrayBuffer> } {
  const start = new Uint32Array(vocabulary + 1);
  for (const id of ids) start[id + 1]++;
  for (let id = 0; id < vocabulary; id++) start[id + 1] += start[id];
  const next = start.slice(0, vocabulary);
  const order = new Uint32Array(ids.length);
  for (let i = 0; i < ids.length; i++) order[next[ids[i]]++] = i;
  return { order, start };
}
