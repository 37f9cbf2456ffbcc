// Include: C = A·Bᵀ over one register tile, the shape of every forward projection (weights are stored [out, in]).
//
//   c[r][n] = Σ_k a[r][k] b[n][k]        r: TILE_ROWS rows from row0;  n: four columns from `left`, four from `right`
//
// The two column blocks need not touch: a rotary pair (i, i + H/2) or a gate and its up column meet in one thread.
// Both operands are contiguous along k. By default a step takes four k: one vec4 per row and per column, TILE_ROWS × 8 dot products.
// With SCALAR_K a step takes one k: fewer values live at a time, which compilers that spill (LLVM on a CPU) run up to twice as fast.
//
// Needs: bindings a, b from matmul_nt_operands, `size_k` = K, `row0`, `last_row`, `left`, `right`, `last_column` (for clamping, u32).
// Gives: left0 … and right0 … (vec4f), one pair per row.

//#if SCALAR_K
let steps = size_k;
//#else
let steps = size_k / 4u;
//#end
//#for r in 0..TILE_ROWS
var left$r = vec4f();
var right$r = vec4f();
let a$r = min(row0 + $ru, last_row) * steps;
//#end
//#for c in 0..4
let b_left$c = min(left + $cu, last_column) * steps;
let b_right$c = min(right + $cu, last_column) * steps;
//#end
for (var k = 0u; k < steps; k++) {
//#if SCALAR_K
  let l = vec4f(b[b_left0 + k], b[b_left1 + k], b[b_left2 + k], b[b_left3 + k]);
  let r = vec4f(b[b_right0 + k], b[b_right1 + k], b[b_right2 + k], b[b_right3 + k]);
//#for r in 0..TILE_ROWS
  let x$r = a[a$r + k];
  left$r += x$r * l;
  right$r += x$r * r;
//#end
//#else
//#for c in 0..4
  let l$c = b[b_left$c + k];
  let r$c = b[b_right$c + k];
//#end
//#for r in 0..TILE_ROWS
  let x$r = a[a$r + k];
  left$r += vec4f(dot(x$r, l0), dot(x$r, l1), dot(x$r, l2), dot(x$r, l3));
  right$r += vec4f(dot(x$r, r0), dot(x$r, r1), dot(x$r, r2), dot(x$r, r3));
//#end
//#end
}
