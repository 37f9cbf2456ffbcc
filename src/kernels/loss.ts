import { type Dispatch, linearWorkgroups, rowPieces } from './dispatch';
import { checkWidths } from './matmul';
import { BYTES_PER_ELEMENT, expectShape, type Tensor } from './tensor';

/** Slots of the fixed-order loss sum. */
export const LOSS_PARTIALS = 256;

interface CrossEntropyOperands {
  /** (rows, stride); becomes its gradient when `backward`. */
  logits: Tensor;
  targets: Tensor;
  /** (rows), already divided by the total weight of the step. */
  targetWeight: Tensor;
  /** (rows, 2) out: nats, and the most likely token (the target where others are as likely). */
  tokenLoss: Tensor;
  vocabulary: number;
  backward: boolean;
}

export function crossEntropy(operands: CrossEntropyOperands): Dispatch {
  const { logits, targets, targetWeight, tokenLoss, vocabulary, backward } = operands;
  const [rows, stride] = logits.shape;
  checkWidths('cross_entropy', { stride });
  expectShape('cross_entropy', 'targets', targets, [rows]);
  expectShape('cross_entropy', 'targetWeight', targetWeight, [rows]);
  expectShape('cross_entropy', 'tokenLoss', tokenLoss, [rows, 2]);
  return {
    label: `cross_entropy.${backward ? 'train' : 'eval'}[${rows}x${vocabulary}]`,
    shader: 'cross_entropy',
    constants: { BACKWARD: backward },
    tensors: backward
      ? { logits, targets, target_weight: targetWeight, token_loss: tokenLoss }
      : { logits, targets, token_loss: tokenLoss },
    params: { rows, vocabulary, stride },
    workgroups: linearWorkgroups(rows),
    flops: (backward ? 8 : 5) * rows * vocabulary,
    bytes: (backward ? 12 : 4) * rows * stride,
    split: (pieces) =>
      rowPieces([logits, targets, targetWeight, tokenLoss], pieces, (window) =>
        crossEntropy({
          ...operands,
          logits: window(logits),
          targets: window(targets),
          targetWeight: window(targetWeight),
          tokenLoss: window(tokenLoss),
        }),
      ),
  };
}

/** partials (LOSS_PARTIALS) += weighted token losses. */
export function lossSum({
  tokenLoss,
  targetWeight,
  partials,
}: {
  tokenLoss: Tensor;
  targetWeight: Tensor;
  partials: Tensor;
}): Dispatch {
  const rows = tokenLoss.shape[0];
  expectShape('loss_sum', 'targetWeight', targetWeight, [rows]);
  expectShape('loss_sum', 'partials', partials, [LOSS_PARTIALS]);
  return {
    label: `loss_sum.step[${rows}]`,
    shader: 'loss_sum',
    constants: { PARTIALS: LOSS_PARTIALS },
    tensors: { token_loss: tokenLoss, target_weight: targetWeight, partial_sums: partials },
    params: { rows },
    workgroups: linearWorkgroups(LOSS_PARTIALS),
    flops: 2 * rows,
    bytes: 12 * rows,
  };
}

/** Bytes of logits below which cutting the loss finer saves nothing worth its dispatches. */
const SMALL_CHUNK_BYTES = 2 ** 24;

/**
 * Rows of a loss chunk. Logits take about as much memory as the hidden states they come from (Liger's rule), or SMALL_CHUNK_BYTES where
 * that is more. A multiple of 64.
 */
export function lossChunkRows(rows: number, hidden: number, vocabulary: number): number {
  const asMuchAsHidden = 2 ** Math.ceil(Math.log2(Math.ceil(rows / Math.ceil(vocabulary / hidden))));
  const small = 2 ** Math.floor(Math.log2(SMALL_CHUNK_BYTES / (BYTES_PER_ELEMENT * vocabulary)));
  return Math.min(rows, Math.max(64, asMuchAsHidden, small));
}
