import { LARGEST_TILE } from './attentionVariants';

/** A call on a triangle of queries and keys: which tiles of its parallel axis, side by side, walk which positions of the other. */
export interface Walk {
  /** Tiles of one head of one row. */
  tiles: number;
  /** Heads times rows. */
  heads: number;
  /** Positions that tile `i` walks, a contiguous range. */
  walked(tile: number): readonly [from: number, to: number];
  /** Positions there are. */
  length: number;
  /** Cuts along the walked axis lie at multiples of it; default a multiple of every variant's tile. */
  unit?: number;
}

/** A piece of a call: workgroups [firstGroup, endGroup), head by head, and walked positions [begin, end). */
export interface WalkPiece {
  firstGroup: number;
  endGroup: number;
  begin: number;
  end: number;
  /** Its part of the whole call's work. */
  share: number;
}

/** Workgroups that keep a GPU busy; pieces get no fewer while the other axis can be cut instead. */
const BUSY_GROUPS = 256;

/** Units of the walked axis in a piece, so that pieces of whole units can be about equal. */
const FEWEST_UNITS = 4;

/**
 * Cuts a walk into about `pieces` of equal work, along the parallel axis while its pieces stay wide, then along the walked one. Pieces of
 * the same workgroups follow each other in walking order.
 */
export function splitWalk(walk: Walk, pieces: number): WalkPiece[] {
  const groups = walk.tiles * walk.heads;
  const unit = walk.unit ?? LARGEST_TILE;
  const mostWalked = Math.ceil(walk.length / unit);
  const wide = Math.max(1, Math.floor(groups / BUSY_GROUPS));
  const parallel = Math.min(groups, Math.max(Math.min(pieces, wide), Math.ceil((pieces * FEWEST_UNITS) / mostWalked)));
  const spans = Array.from({ length: groups }, (_, group) => walk.walked(group % walk.tiles));
  const whole = spans.map(([from, to]) => Math.max(0, to - from));
  const total = sum(whole);
  return rangesOfEqualWork(whole, parallel).flatMap(([firstGroup, endGroup]) => {
    const steps = workPerUnit(spans.slice(firstGroup, endGroup), unit, mostWalked);
    return rangesOfEqualWork(steps, Math.min(mostWalked, Math.ceil(pieces / parallel)))
      .map(([first, end]) => {
        const share = sum(steps.slice(first, end)) / total;
        return { firstGroup, endGroup, begin: first * unit, end: Math.min(end * unit, walk.length), share };
      })
      .filter(({ share }) => share > 0);
  });
}

/** Positions that all of the spans have in each of `units` stretches of the walked axis, in time linear in both. */
function workPerUnit(spans: readonly (readonly [from: number, to: number])[], unit: number, units: number): number[] {
  const work = Array<number>(units).fill(0);
  // How many spans more than before cover this stretch whole.
  const covering = Array<number>(units + 1).fill(0);
  for (const [from, to] of spans) {
    if (from >= to) continue;
    const first = Math.floor(from / unit);
    const last = Math.floor((to - 1) / unit);
    if (first === last) {
      work[first] += to - from;
      continue;
    }
    work[first] += (first + 1) * unit - from;
    work[last] += to - last * unit;
    covering[first + 1]++;
    covering[last]--;
  }
  let covered = 0;
  return work.map((partly, i) => {
    covered += covering[i];
    return partly + covered * unit;
  });
}

/** Consecutive ranges that cover all of `work`, about `parts` of them with as much each. */
function rangesOfEqualWork(work: readonly number[], parts: number): [first: number, end: number][] {
  const total = sum(work);
  const ranges: [number, number][] = [];
  let first = 0;
  let done = 0;
  work.forEach((own, i) => {
    done += own;
    // The small share that a sum of fractions can lose.
    if (done * parts < total * (ranges.length + 1) - 1e-6 * total && i < work.length - 1) return;
    ranges.push([first, i + 1]);
    first = i + 1;
  });
  return ranges;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
