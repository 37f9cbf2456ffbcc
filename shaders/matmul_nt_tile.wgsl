// Include: C = A·Bᵀ over one register tile, the shape of every forward projection (weights are stored [out, in]).
//
//   c[r][n] = Σ_k a[r][k] b[n][k]        r: TILE_ROWS rows from row0;  n: four columns from `left`, four from `right`
//
// The two column blocks need not touch: a rotary pair (i, i + H/2) or a gate and its up column meet in one thread.
// Both operands are contiguous along k; a step takes four k. With SHARE (see matmul_threads) lane i loads column i of the eight.
//
// Needs: bindings a, b, `columns_of` (group → left and right), matmul_inputs, `size_k` = K, `row0`, `last_row`, `left`, `right`,
//        `last_column` (for clamping), `is_idle`.
// Gives: left0 … and right0 … (vec4f), one pair per row, to threads that own something; the others have left.

//#include matmul_leave
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
//#end
//#if !SHARE && !STAGED
//#for c in 0..4
let b_left$c = min(left + $cu, last_column) * steps;
let b_right$c = min(right + $cu, last_column) * steps;
//#end
//#end
//#if STAGED
let local_x = local % THREADS_X;
let local_y = local / THREADS_X;
for (var k = 0u; k < steps; k += STEPS) {
//#include matmul_stage_rows
  // A thread's column c lies at slot c THREADS_X + x.
  for (var i = local; i < STEPS * 8u * THREADS_X; i += THREADS) {
    let step = i % STEPS;
    let slot = i / STEPS;
    let c = slot / THREADS_X;
    let column = columns_of(thread.x - local_x + slot % THREADS_X)[c / 4u] + c % 4u;
    let value = vec4f(b[min(column, last_column) * steps + min(k + step, steps - 1u)]);
    tile_b[step * COLUMN_STRIDE + slot] = select(vec4f(), value, k + step < steps);
  }
  workgroupBarrier();
  for (var step = 0u; step < STEPS; step++) {
//#for c in 0..4
    let l$c = tile_b[step * COLUMN_STRIDE + $cu * THREADS_X + local_x];
    let r$c = tile_b[step * COLUMN_STRIDE + ($cu + 4u) * THREADS_X + local_x];
//#end
    // Turned in registers, for sums that are one multiply-add a term.
//#for i in 0..4
    let left_row$i = vec4f(l0[$i], l1[$i], l2[$i], l3[$i]);
    let right_row$i = vec4f(r0[$i], r1[$i], r2[$i], r3[$i]);
//#end
//#for r in 0..TILE_ROWS
    let x$r = tile_a[step * ROW_STRIDE + $ru * THREADS_Y + local_y];
//#for i in 0..4
    left$r += x$r[$i] * left_row$i;
    right$r += x$r[$i] * right_row$i;
//#end
//#end
  }
  workgroupBarrier();
}
if (is_idle) { return; }
//#else
//#if TEAM
for (var k = local; k < steps; k += THREADS_X) {
//#else
for (var k = 0u; k < steps; k++) {
//#end
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
//#if TEAM
//#include matmul_team
//#end
//#end
