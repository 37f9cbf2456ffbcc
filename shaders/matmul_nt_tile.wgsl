// Include: C = A·Bᵀ over one register tile, the shape of every forward projection (weights are stored [out, in]).
//
//   c[r][n] = Σ_k a[r][k] b[n][k]        r: TILE_ROWS rows from row0;  n: four columns from `left`, four from `right`
//
// The two column blocks need not touch: a rotary pair (i, i + H/2) or a gate and its up column meet in one thread.
// Both operands are contiguous along k; a step takes four k. With SHARE (see matmul_threads) lane i loads column i of the eight.
//
// Needs: bindings a, b, `size_k` = K, `row0`, `last_row`, `left`, `right`, `last_column` (for clamping), with SHARE `lane` (u32).
// Gives: left0 … and right0 … (vec4f), one pair per row.

let steps = size_k / 4u;
//#for r in 0..TILE_ROWS
var left$r = vec4f();
var right$r = vec4f();
let a$r = min(row0 + $ru, last_row) * steps;
//#end
//#if SHARE
//#if WIDTH == 4
let b_own0 = min(left + lane % 4u, last_column) * steps;
let b_own1 = min(right + lane % 4u, last_column) * steps;
//#else
let b_own0 = min(select(left, right - 4u, lane % 8u > 3u) + lane % 8u, last_column) * steps;
//#end
//#else
//#for c in 0..4
let b_left$c = min(left + $cu, last_column) * steps;
let b_right$c = min(right + $cu, last_column) * steps;
//#end
//#end
for (var k = 0u; k < steps; k++) {
//#if SHARE
  let own0 = vec4f(b[b_own0 + k]);
//#if WIDTH == 4
  let own1 = vec4f(b[b_own1 + k]);
//#include matmul_shared(left_columns, own0, 0)
//#include matmul_shared(right_columns, own1, 0)
//#else
//#include matmul_shared(left_columns, own0, 0)
//#include matmul_shared(right_columns, own0, 4)
//#end
//#for r in 0..TILE_ROWS
  let x$r = vec4f(a[a$r + k]);
  left$r += x$r * left_columns;
  right$r += x$r * right_columns;
//#end
//#else
//#for c in 0..4
  let l$c = vec4f(b[b_left$c + k]);
  let r$c = vec4f(b[b_right$c + k]);
//#end
//#for r in 0..TILE_ROWS
  let x$r = vec4f(a[a$r + k]);
  left$r += vec4f(dot(x$r, l0), dot(x$r, l1), dot(x$r, l2), dot(x$r, l3));
  right$r += vec4f(dot(x$r, r0), dot(x$r, r1), dot(x$r, r2), dot(x$r, r3));
//#end
//#end
}
