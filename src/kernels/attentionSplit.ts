import { LARGEST_TILE } from './attentionVariants';
import { equalRanges } from './dispatch';

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

/**
 * Cuts a walk into about `pieces` of equal work, along the parallel axis while its pieces stay wide, then along the walked one. Pieces of
 * the same workgroups follow each other in walking order.
 */
export function splitWalk(walk: Walk, pieces: number): WalkPiece[] {
  const groups = walk.tiles * walk.heads;
  const unit = walk.unit ?? LARGEST_TILE;
  const mostWalked = Math.ceil(walk.length / unit);
  const wide = Math.max(1, Math.floor(groups / BUSY_GROUPS));
  const parallel = Math.min(groups, Math.max(Math.min(pieces, wide), Math.ceil(pieces / mostWalked)));
  const ranges = equalRanges(walk.length, Math.min(mostWalked, Math.ceil(pieces / parallel)), unit);
  const work = (group: number, begin: number, end: number) => {
    const [from, to] = walk.walked(group % walk.tiles);
    return Math.max(0, Math.min(to, end) - Math.max(from, begin));
  };
  const total = walk.heads * sum(walk.tiles, (tile) => work(tile, 0, walk.length));
  return groupsOfEqualWork(groups, parallel, total, (group) => work(group, 0, walk.length)).flatMap(([firstGroup, endGroup]) =>
    ranges
      .map(([begin, end]) => {
        const own = sum(endGroup - firstGroup, (i) => work(firstGroup + i, begin, end));
        return { firstGroup, endGroup, begin, end, share: own / total };
      })
      .filter(({ share }) => share > 0),
  );
}

/** Consecutive ranges that cover all groups, each with about total / parts of the work. */
function groupsOfEqualWork(groups: number, parts: number, total: number, work: (group: number) => number): [number, number][] {
  const ranges: [number, number][] = [];
  let first = 0;
  let done = 0;
  for (let group = 0; group < groups; group++) {
    done += work(group);
    // The small share of a group that a sum of fractions can lose.
    if (done * parts < total * (ranges.length + 1) - 1e-6 * total && group < groups - 1) continue;
    ranges.push([first, group + 1]);
    first = group + 1;
  }
  return ranges;
}

function sum(count: number, term: (i: number) => number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += term(i);
  return total;
}
