// Include: C = A·B over one register tile, the shape of every gradient that flows back through a linear layer (dx = dy·W).
//
//   c[r][n] = Σ_k a[r][k] b[k][n]        r: TILE_ROWS rows from row0;  n: eight columns, vec4s `column4` and `next4`
//
// A step takes four k: one vec4 per row of A and two per k of B. With SHARE (see matmul_threads) lanes 0 … 3 load the left vec4 of the four k,
// the next four lanes the right one.
//
// Needs: bindings a, b, matmul_inputs, `size_k` = K, `n4` = N/4, `row0`, `last_row`, `column4`, `next4` < n4, `is_idle`.
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
let b_own0 = lane % 4u * n4 + column4;
let b_own1 = lane % 4u * n4 + next4;
//#else
let b_own0 = lane % 4u * n4 + select(column4, next4, lane % 8u > 3u);
//#end
//#end
//#if STAGED
let local_x = local % THREADS_X;
let local_y = local / THREADS_X;
for (var first = 0u; first < steps; first += STEPS) {
  {
    let k = first;
//#include matmul_stage_rows
  }
  {
    let k = 4u * first;
//#include matmul_stage_vectors(tile_b, b, n4, column4, 2u, THREADS_X, local_x)
  }
  workgroupBarrier();
  for (var step = 0u; step < STEPS; step++) {
//#for r in 0..TILE_ROWS
    let x$r = tile_a[step * ROW_STRIDE + $ru * THREADS_Y + local_y];
//#end
//#for i in 0..4
    let l$i = tile_b[(4u * step + $iu) * 2u * THREADS_X + local_x];
    let r$i = tile_b[((4u * step + $iu) * 2u + 1u) * THREADS_X + local_x];
//#for r in 0..TILE_ROWS
    left$r += x$r[$i] * l$i;
    right$r += x$r[$i] * r$i;
//#end
//#end
  }
  workgroupBarrier();
}
if (is_idle) { return; }
//#else
for (var k = 0u; k < steps; k++) {
//#for r in 0..TILE_ROWS
  let x$r = vec4f(a[a$r + k]);
//#end
//#if SHARE
  let own0 = vec4f(b[b_own0 + 4u * k * n4]);
//#if WIDTH == 4
  let own1 = vec4f(b[b_own1 + 4u * k * n4]);
//#include matmul_shared(left_rows, own0, 0)
//#include matmul_shared(right_rows, own1, 0)
//#else
//#include matmul_shared(left_rows, own0, 0)
//#include matmul_shared(right_rows, own0, 4)
//#end
//#for r in 0..TILE_ROWS
  left$r += left_rows * x$r;
  right$r += right_rows * x$r;
//#end
//#else
//#for i in 0..4
  let l$i = vec4f(b[(4u * k + $iu) * n4 + column4]);
  let r$i = vec4f(b[(4u * k + $iu) * n4 + next4]);
//#for r in 0..TILE_ROWS
  left$r += x$r[$i] * l$i;
  right$r += x$r[$i] * r$i;
//#end
//#end
//#end
}
//#end
