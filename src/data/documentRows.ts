import { InputError } from '../core/errors';
import { Rng } from '../core/rng';
import type { TokenDocument } from './corpus';
import type { RowSource, RowWriter } from './rowSource';

/**
 * Rows of real documents. A row of length T holds BOS and T-1 consecutive tokens of one document where a document is long
 * enough; what is left over, and shorter documents, are packed several to a row, each part opening with BOS.
 *
 * An epoch is planned as a whole for one row length: long documents are cut into windows at a phase of their own (so the cuts
 * differ between epochs), and the rows are shuffled. Every token is read once per epoch, except that the last packed row is
 * topped up from the first parts. A change of row length begins the next epoch.
 */

/** The rows of one epoch. Parts are (document, start, end) triples; row r holds parts rowStarts[r] up to rowStarts[r + 1]. */
export interface EpochPlan {
  rowCount: number;
  /** Rows before this one are single windows of one document; the rest are packed. */
  windowRowCount: number;
  rowStarts: Uint32Array;
  parts: Uint32Array;
}

type Part = readonly [document: number, start: number, end: number];

/** Plans an epoch in order: first whole windows, then packed rows. `rng` decides the cuts and the order of the parts. */
export function planEpoch(documents: readonly TokenDocument[], length: number, rng: Rng): EpochPlan {
  const span = length - 1;
  const windows: Part[] = [];
  const rest: Part[] = [];
  documents.forEach(({ ids }, document) => {
    const size = ids.length;
    if (size === 0) return;
    // Windows begin anywhere such that their number stays the largest that fits.
    const lead = size >= span ? rng.integer((size % span) + 1) : size;
    if (lead > 0) rest.push([document, 0, lead]);
    let start = lead;
    for (; start + span <= size; start += span) windows.push([document, start, start + span]);
    if (start < size) rest.push([document, start, size]);
  });
  const rows = rng.shuffle(windows).map((window) => [window]);
  const windowRowCount = rows.length;
  rows.push(...packed(rng.shuffle(rest), length));
  return flattened(rows, windowRowCount);
}

/** Fills rows with parts in order, splitting where a row ends; each part costs one position for its BOS. */
function packed(parts: readonly Part[], length: number): Part[][] {
  const rows: Part[][] = [];
  let row: Part[] = [];
  let free = length;
  const place = ([document, start, end]: Part) => {
    while (start < end) {
      const stop = Math.min(end, start + free - 1);
      row.push([document, start, stop]);
      free -= stop - start + 1;
      start = stop;
      // A single free position has no room for BOS and a token; it stays a lone BOS.
      if (free < 2) {
        rows.push(row);
        row = [];
        free = length;
      }
    }
  };
  parts.forEach(place);
  for (let i = 0; row.length > 0; i++) {
    const [document, start, end] = parts[i % parts.length];
    place([document, start, Math.min(end, start + free - 1)]);
  }
  return rows;
}

function flattened(rows: readonly Part[][], windowRowCount: number): EpochPlan {
  const rowStarts = new Uint32Array(rows.length + 1);
  for (let r = 0; r < rows.length; r++) rowStarts[r + 1] = rowStarts[r] + rows[r].length;
  return { rowCount: rows.length, windowRowCount, rowStarts, parts: Uint32Array.from(rows.flat(2)) };
}

/** Writes row `r` of a plan; targets inside a part weigh 1. */
export function writePlannedRow(
  plan: EpochPlan,
  r: number,
  documents: readonly TokenDocument[],
  bosId: number,
  row: RowWriter,
): void {
  for (let p = plan.rowStarts[r]; p < plan.rowStarts[r + 1]; p++) {
    const [document, start, end] = plan.parts.subarray(3 * p, 3 * p + 3);
    row.startSegment(bosId);
    row.pushRange(documents[document].ids, start, end, 1);
  }
  if (row.free > 0) row.startSegment(bosId);
}

/** A corpus source's training documents as rows. */
export function documentRows(name: string, documents: readonly TokenDocument[], bosId: number): RowSource {
  if (!documents.some(({ ids }) => ids.length > 0))
    throw new InputError(`data source ${name}`, 'at least one token of training text', 'none', 'add text or drop the source');
  return {
    name,
    open(seed) {
      let epoch = -1;
      let length = 0;
      let next = 0;
      let plan: EpochPlan | undefined;
      let order: number[] = [];

      const planCurrent = () => {
        const rng = Rng.of(seed, `data/${name}/epoch ${epoch}/length ${length}`);
        plan = planEpoch(documents, length, rng);
        order = rng.shuffle(Array.from({ length: plan.rowCount }, (_, i) => i));
      };
      return {
        read(row) {
          if (row.length !== length || !plan || next >= plan.rowCount) {
            length = row.length;
            epoch++;
            next = 0;
            planCurrent();
          }
          writePlannedRow(plan!, order[next++], documents, bosId, row);
        },
        cursor: () => ({ epoch, length, next }),
        restore(cursor) {
          ({ epoch, length, next } = cursor);
          if (length > 0) planCurrent();
        },
      };
    },
  };
}
