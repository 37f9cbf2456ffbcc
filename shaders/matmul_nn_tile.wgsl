// Include: C = A·B over one register tile, the shape of every gradient that flows back through a linear layer (dx = dy·W).
//
//   c[r][n] = Σ_k a[r][k] b[k][n]        r: TILE_ROWS rows from row0;  n: eight columns from 4·column4
//
// By default a step takes four k: one vec4 per row of A and two per k of B. With SCALAR_K it takes one (see matmul_nt_tile).
//
// Needs: bindings a, b from matmul_nn_operands, `size_k` = K, `n4` = N/4, `row0`, `last_row`, `column4`, `next4` (u32, both < n4).
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
for (var k = 0u; k < steps; k++) {
//#if SCALAR_K
  let l = b[k * n4 + column4];
  let r = b[k * n4 + next4];
//#for r in 0..TILE_ROWS
  let x$r = a[a$r + k];
  left$r += x$r * l;
  right$r += x$r * r;
//#end
//#else
//#for r in 0..TILE_ROWS
  let x$r = a[a$r + k];
//#end
//#for i in 0..4
  let l$i = b[(4u * k + $iu) * n4 + column4];
  let r$i = b[(4u * k + $iu) * n4 + next4];
//#for r in 0..TILE_ROWS
  left$r += x$r[$i] * l$i;
  right$r += x$r[$i] * r$i;
//#end
//#end
//#end
}
