// Gradient through a linear layer: C = A·B.
//
//   c[m][n] = Σ_k a[m][k] b[k][n]
//
// Work split: see matmul_threads; a thread owns TILE_ROWS rows × 8 columns of C in registers.
// Bindings:   a (M, K), b (K, N), c (M, N); vec4 views.
// Constants:  TILE_ROWS 4 or 8, SHARE, STAGED, WIDTH; a_t, b_t: f32 or f16.
// Constraints: K and N multiples of 4; any M.
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
  let n4 = params.n / 4u;
  let is_idle = column4 >= n4;
  let next4 = min(column4 + 1u, n4 - 1u);
  let last_row = params.m - 1u;
  let size_k = params.k;
//#include matmul_nn_tile
//#for r in 0..TILE_ROWS
  if (row0 + $ru < params.m) {
    c[(row0 + $ru) * n4 + column4] = left$r;
    if (next4 > column4) { c[(row0 + $ru) * n4 + next4] = right$r; }
  }
//#end
}
