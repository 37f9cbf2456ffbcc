// Include: C = A·Bᵀ over one register tile, the shape of every forward projection (weights are stored [out, in]).
//
//   c[r][n] = Σ_k a[r][k] b[n][k]        r: TILE_ROWS rows from row0;  n: four columns from `left`, four from `right`
//
// Both operands are contiguous along k, so a step loads one vec4 of k per row and per column and adds TILE_ROWS × 8 dot products.
// The two column blocks need not touch: a rotary pair (i, i + H/2) or a gate and its up column meet in one thread.
//
// Needs: bindings a, b (array<vec4f>), `k4` = K/4, `row0`, `last_row`, `left`, `right`, `last_column` (for clamping, u32).
// Gives: left0 … and right0 … (vec4f), one pair per row.

//#for r in 0..TILE_ROWS
var left$r = vec4f();
var right$r = vec4f();
let a$r = min(row0 + $ru, last_row) * k4;
//#end
//#for c in 0..4
let b_left$c = min(left + $cu, last_column) * k4;
let b_right$c = min(right + $cu, last_column) * k4;
//#end
for (var k = 0u; k < k4; k++) {
//#for c in 0..4
  let l$c = b[b_left$c + k];
  let r$c = b[b_right$c + k];
//#end
//#for r in 0..TILE_ROWS
  let x$r = a[a$r + k];
  left$r += vec4f(dot(x$r, l0), dot(x$r, l1), dot(x$r, l2), dot(x$r, l3));
  right$r += vec4f(dot(x$r, r0), dot(x$r, r1), dot(x$r, r2), dot(x$r, r3));
//#end
}
