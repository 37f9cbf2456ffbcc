import type { Batch } from '../core/batch';
import { Rng } from '../core/rng';

/** Anything that fills rows of a batch: a corpus source or a synthetic task. Immutable; `open` gives a reader with a position. */
export interface RowSource {
  readonly name: string;
  open(seed: number): RowReader;
}

export interface RowReader {
  /** Fills every position of one row and moves on. */
  read(row: RowWriter): void;
  /** Plain JSON; a reader restored from it goes on bit for bit. */
  cursor(): RowCursor;
  restore(cursor: RowCursor): void;
}

export type RowCursor = Readonly<Record<string, number>>;

/** A source whose every row is a function of (seed, row number) alone. */
export function independentRows(name: string, write: (row: RowWriter, rng: Rng) => void): RowSource {
  return {
    name,
    open(seed) {
      let next = 0;
      return {
        read: (row) => write(row, Rng.of(seed, `data/${name}/row ${next++}`)),
        cursor: () => ({ next }),
        restore: (cursor) => {
          next = cursor.next;
        },
      };
    },
  };
}

export function emptyBatch(rows: number, length: number): Batch {
  const size = rows * length;
  return {
    rows,
    length,
    ids: new Uint32Array(size),
    targets: new Uint32Array(size),
    targetWeights: new Float32Array(size),
    docStart: new Uint32Array(size),
  };
}

/**
 * Writes one row of a batch from left to right. A token's weight is how much predicting **it** counts, so it is stored one
 * position earlier, where the token is the target; the first token of a segment is no one's target.
 */
export class RowWriter {
  private readonly base: number;
  private position = 0;
  private segmentStart = 0;

  constructor(
    private readonly batch: Batch,
    row: number,
  ) {
    this.base = row * batch.length;
  }

  get length(): number {
    return this.batch.length;
  }

  /** Positions written so far, which is where the next token goes. */
  get written(): number {
    return this.position;
  }

  /** Positions still free. */
  get free(): number {
    return this.batch.length - this.position;
  }

  /** Opens a segment: tokens from here on see nothing before it. */
  startSegment(bosId: number): void {
    this.segmentStart = this.position;
    this.push(bosId, 0);
  }

  push(id: number, weight: number): void {
    const { ids, targets, targetWeights, docStart } = this.batch;
    const at = this.base + this.position;
    ids[at] = id;
    docStart[at] = this.segmentStart;
    if (this.position > this.segmentStart) {
      targets[at - 1] = id;
      targetWeights[at - 1] = weight;
    }
    this.position++;
  }

  /** Pushes ids[start, end) with one weight. */
  pushRange(ids: ArrayLike<number>, start: number, end: number, weight: number): void {
    for (let i = start; i < end; i++) this.push(ids[i], weight);
  }
}
