import type { Batch } from '../core/batch';
import type { PositionBin } from '../core/records';
import type { Program } from '../kernels/program';
import type { Tensor } from '../kernels/tensor';
import type { ProgramContext } from '../model/context';
import type { Engine } from '../model/engine';
import { evaluateProgram } from '../model/programs';
import { uploadBatch } from '../model/upload';
import type { ContextLosses } from './contextLaw';

/** Losses of every position of a batch. */
export interface TokenLosses {
  /** (rows · length) nats; meaningless where the target weight is 0. */
  loss: Float32Array;
  /** (rows · length) the most likely token; the target where others are as likely. */
  predicted: Uint32Array;
}

/** A forward-only program that gives per-token losses; batches of any number of rows go through it a few rows at a time. */
export class Evaluation {
  readonly program: Program;
  readonly rows: number;
  readonly length: number;
  private readonly tokenLoss: Tensor;

  constructor(private readonly context: ProgramContext) {
    ({ rows: this.rows, length: this.length } = context.shape);
    ({ program: this.program, tokenLoss: this.tokenLoss } = evaluateProgram(context));
  }

  async run(engine: Engine, batch: Batch): Promise<TokenLosses> {
    const size = batch.rows * batch.length;
    const losses = { loss: new Float32Array(size), predicted: new Uint32Array(size) };
    for (let first = 0; first < batch.rows; first += this.rows) {
      uploadBatch(engine, this.context.model, this.slice(batch, first), 1);
      engine.run(this.program);
      const [pairs] = await engine.read([this.tokenLoss], this.program);
      const start = first * batch.length;
      for (let i = 0; i < pairs.length / 2 && start + i < size; i++) {
        losses.loss[start + i] = pairs[2 * i];
        losses.predicted[start + i] = pairs[2 * i + 1];
      }
    }
    return losses;
  }

  /** The program's number of rows from `first` on; past the end the last row stands in and is not read. */
  private slice(batch: Batch, first: number): Batch {
    const { rows, length } = this;
    const size = rows * length;
    const copy = <T extends Uint32Array | Float32Array>(from: T, to: T): T => {
      for (let row = 0; row < rows; row++) {
        const source = Math.min(first + row, batch.rows - 1) * length;
        to.set(from.subarray(source, source + length), row * length);
      }
      return to;
    };
    return {
      rows,
      length,
      ids: copy(batch.ids, new Uint32Array(size)),
      targets: copy(batch.targets, new Uint32Array(size)),
      targetWeights: copy(batch.targetWeights, new Float32Array(size)),
      docStart: copy(batch.docStart, new Uint32Array(size)),
    };
  }
}

/** Weighted mean loss in nats per token, bits per byte, and the tokens it rests on. `tokenBytes` is the byte length of each id. */
export function meanLoss(
  batch: Batch,
  losses: TokenLosses,
  tokenBytes: Uint8Array,
): { loss: number; bitsPerByte: number; tokens: number } {
  let nats = 0;
  let bytes = 0;
  let tokens = 0;
  batch.targetWeights.forEach((weight, i) => {
    if (weight <= 0) return;
    nats += losses.loss[i];
    bytes += tokenBytes[batch.targets[i]];
    tokens++;
  });
  return { loss: nats / tokens, bitsPerByte: nats / Math.LN2 / Math.max(1, bytes), tokens };
}

/** Four bins per octave of context length c = i - doc_start + 1, from 1 to `length`. */
export function positionBinEdges(length: number): number[] {
  const edges = new Set<number>([1]);
  for (let k = 0; 2 ** (k / 4) <= length; k++) edges.add(Math.round(2 ** (k / 4)));
  return [...edges, length + 1].filter((edge, i, all) => i === 0 || edge > all[i - 1]);
}

/** Mean loss by context length over all rows; the standard error is over rows, since tokens of one row are not independent. */
export function lossByPosition(batches: readonly { batch: Batch; losses: TokenLosses }[]): PositionBin[] {
  const length = batches[0].batch.length;
  const edges = positionBinEdges(length);
  const bins = edges.slice(0, -1).map((from, b) => ({ from, to: edges[b + 1], rows: [] as { sum: number; tokens: number }[] }));
  const binOf = new Uint16Array(length + 1);
  bins.forEach(({ from, to }, b) => {
    binOf.fill(b, from, to);
  });
  for (const { batch, losses } of batches)
    for (let row = 0; row < batch.rows; row++) {
      const sums = bins.map(() => ({ sum: 0, tokens: 0 }));
      for (let i = 0; i < length; i++) {
        const at = row * length + i;
        if (batch.targetWeights[at] <= 0) continue;
        const bin = sums[binOf[i - batch.docStart[at] + 1]];
        bin.sum += losses.loss[at];
        bin.tokens++;
      }
      sums.forEach((bin, b) => {
        if (bin.tokens) bins[b].rows.push(bin);
      });
    }
  return bins.filter(({ rows }) => rows.length).map(({ from, to, rows }) => ({ from, to, ...meanOverRows(rows) }));
}

/**
 * Each row's mean loss per position bin, for the context law: rows that hold one document from their first token on, so that all have the
 * same contexts. Bins without a token in a row are NaN there.
 */
export function lossesByDocument(batches: readonly { batch: Batch; losses: TokenLosses }[]): ContextLosses {
  const { length } = batches[0].batch;
  const edges = positionBinEdges(length);
  // The last bin is cut by the row's end, where no target is.
  const bins = edges.slice(0, -1).map((from, b) => [from, Math.min(edges[b + 1], length)] as const);
  const used = bins.filter(([from, to]) => from < to);
  const rows = batches.flatMap(({ batch, losses }) =>
    Array.from({ length: batch.rows }, (_, row) => row * length)
      .filter((at) => batch.docStart[at + length - 1] === 0)
      .map((at) =>
        used.map(([from, to]) => {
          let sum = 0;
          let tokens = 0;
          for (let i = at + from - 1; i < at + to - 1; i++)
            if (batch.targetWeights[i] > 0) {
              sum += losses.loss[i];
              tokens++;
            }
          return tokens ? sum / tokens : Number.NaN;
        }),
      ),
  );
  return {
    contexts: Float64Array.from(used, ([from, to]) => Math.sqrt(from * (to - 1))),
    losses: Float64Array.from(rows.flat()),
  };
}

function meanOverRows(rows: readonly { sum: number; tokens: number }[]): { loss: number; standardError: number; tokens: number } {
  const tokens = rows.reduce((total, row) => total + row.tokens, 0);
  const loss = rows.reduce((total, row) => total + row.sum, 0) / tokens;
  if (rows.length < 2) return { loss, standardError: 0, tokens };
  const means = rows.map((row) => row.sum / row.tokens);
  const average = means.reduce((a, b) => a + b, 0) / means.length;
  const variance = means.reduce((total, mean) => total + (mean - average) ** 2, 0) / (means.length - 1);
  return { loss, standardError: Math.sqrt(variance / means.length), tokens };
}
