/** Rotary position embedding on split halves: pair j is (j, j + H/2), turned by the table's angle. Su et al. 2021, arXiv 2104.09864. */
import type { RotaryTable } from '../core/positionEncoding';

/** x (B, T, heads, H) -> the same shape, pair j of position t turned by table[t, j]. Position is absolute within the row. */
export function rotaryForward(x: Float64Array, table: RotaryTable, T: number, heads: number, H: number): Float64Array {
  return rotate(x, table, T, heads, H, 1);
}

/** dy (B, T, heads, H) -> dx: the transpose, which turns back and keeps the table's scale. */
export function rotaryBackward(dy: Float64Array, table: RotaryTable, T: number, heads: number, H: number): Float64Array {
  return rotate(dy, table, T, heads, H, -1);
}

function rotate(x: Float64Array, table: RotaryTable, T: number, heads: number, H: number, direction: 1 | -1): Float64Array {
  const y = new Float64Array(x.length);
  const half = H / 2;
  for (let vector = 0; vector * H < x.length; vector++) {
    const t = Math.floor(vector / heads) % T;
    for (let j = 0; j < half; j++) {
      const cos = table.cos[t * half + j];
      const sin = table.sin[t * half + j] * direction;
      const first = vector * H + j;
      const second = first + half;
      y[first] = x[first] * cos - x[second] * sin;
      y[second] = x[second] * cos + x[first] * sin;
    }
  }
  return y;
}
