// Weight gradient of a linear layer, accumulated: C += Aᵀ·B.
//
//   c[m][n] += Σ_k a[k][m] b[k][n]       k runs over tokens
//
// Work split: see matmul_threads; a thread owns TILE_ROWS rows × 8 columns of C in registers and walks all tokens in order,
//             beginning with what c holds, so the sum has one fixed order however the tokens are cut.
// Bindings:   a (K, M), b (K, N), c (M, N) read and written; vec4 views.
// Constants:  TILE_ROWS 4 or 8, SHARE (with TILE_ROWS 4), STAGED, WIDTH; a_t, b_t: f32 or f16.
// Constraints: M and N multiples of 4; any K.
struct Params {
  m: u32,
  n: u32,
  k: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<a_t>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<b_t>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;
//#include matmul_threads

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
//#include matmul_inputs
) {
  let row0 = thread.y * TILE_ROWS;
  let column4 = thread.x * 2u;
  let m4 = params.m / 4u;
  let n4 = params.n / 4u;
  let is_idle = column4 >= n4;
//#include matmul_leave
  let next4 = min(column4 + 1u, n4 - 1u);
  let last_row = params.m - 1u;
  let row4 = min(row0 / 4u, m4 - 1u);
//#if TILE_ROWS > 4
  let next_row4 = min(row4 + 1u, m4 - 1u);
//#end
//#for r in 0..TILE_ROWS
  let c$r = min(row0 + $ru, last_row) * n4;
  var left$r = c[c$r + min(column4, n4 - 1u)];
  var right$r = c[c$r + next4];
//#end
//#if SHARE
  // Lane i loads token i of four; a token past the last one adds nothing.
  for (var k = 0u; k < params.k; k += 4u) {
    let token = k + lane % 4u;
    let there = f32(token < params.k);
    let own_at = min(token, params.k - 1u) * n4;
//#if WIDTH == 4
    let own0 = there * vec4f(b[own_at + column4]);
    let own1 = there * vec4f(b[own_at + next4]);
//#include matmul_shared(left_rows, own0, 0)
//#include matmul_shared(right_rows, own1, 0)
//#else
    let own0 = there * vec4f(b[own_at + select(column4, next4, lane % 8u > 3u)]);
//#include matmul_shared(left_rows, own0, 0)
//#include matmul_shared(right_rows, own0, 4)
//#end
//#for i in 0..4
    let x$i = vec4f(a[min(k + $iu, params.k - 1u) * m4 + row4]);
//#for r in 0..4
    left$r += x$i[$r] * left_rows[$i];
    right$r += x$i[$r] * right_rows[$i];
//#end
//#end
  }
//#else
//#if STAGED
  let local_x = local % THREADS_X;
  let local_y = local / THREADS_X;
  let size_k = params.k;
  let first_row4 = row0 / 4u;
  let rows4 = TILE_ROWS / 4u;
  for (var k = 0u; k < size_k; k += 4u * STEPS) {
//#include matmul_stage_vectors(tile_a, a, m4, first_row4, rows4, THREADS_Y, local_y)
//#include matmul_stage_vectors(tile_b, b, n4, column4, 2u, THREADS_X, local_x)
    workgroupBarrier();
    for (var step = 0u; step < 4u * STEPS; step++) {
      let l = tile_b[step * 2u * THREADS_X + local_x];
      let r = tile_b[(step * 2u + 1u) * THREADS_X + local_x];
//#for r in 0..TILE_ROWS
      let x$r = tile_a[(step * rows4 + $ru / 4u) * THREADS_Y + local_y][$ru % 4u];
      left$r += x$r * l;
      right$r += x$r * r;
//#end
    }
    workgroupBarrier();
  }
  if (is_idle) { return; }
//#else
  for (var k = 0u; k < params.k; k++) {
    let l = vec4f(b[k * n4 + column4]);
    let r = vec4f(b[k * n4 + next4]);
    let upper = vec4f(a[k * m4 + row4]);
//#for r in 0..4
    left$r += upper[$r] * l;
    right$r += upper[$r] * r;
//#end
//#if TILE_ROWS > 4
    let lower = vec4f(a[k * m4 + next_row4]);
//#for r in 4..8
    left$r += lower[$ru - 4u] * l;
    right$r += lower[$ru - 4u] * r;
//#end
//#end
  }
//#end
//#end
//#for r in 0..TILE_ROWS
  if (row0 + $ru < params.m) {
    c[c$r + column4] = left$r;
    if (next4 > column4) { c[c$r + next4] = right$r; }
  }
//#end
}
