// Linear layer: C = A·Bᵀ, optionally added to a residual.
//
//   c[m][n] = Σ_k a[m][k] b[n][k]  (+ residual[m][n])
//
// Work split: see matmul_threads; a thread owns TILE_ROWS rows × 8 columns of C in registers.
// Bindings:   a (M, K), b (N, K), residual (M, N) if RESIDUAL, c (M, N); vec4 views.
// Constants:  TILE_ROWS 1…8, SHARE, STAGED, TEAM, WIDTH, RESIDUAL; a_t, b_t, c_t, residual_t: f32 or f16; HALF: c_t is f16.
// Constraints: K and N multiples of 4 (the model layer pads with zeros); any M.
struct Params {
  m: u32,
  n: u32,
  k: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<a_t>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<b_t>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4<c_t>>;
//#if RESIDUAL
@group(0) @binding(4) var<storage, read> residual: array<vec4<residual_t>>;
//#end
//#include matmul_threads
//#include stored

fn columns_of(group: u32) -> vec2u {
  return vec2u(8u * group, 8u * group + 4u);
}

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
//#include matmul_inputs
) {
  let row0 = thread.y * TILE_ROWS;
  let columns = columns_of(group_of(thread));
  let left = columns[0];
  let right = columns[1];
  let is_idle = left >= params.n;
  let last_row = params.m - 1u;
  let last_column = params.n - 1u;
  let size_k = params.k;
//#include matmul_nt_tile
  let n4 = params.n / 4u;
  let has_right = right < params.n;
//#for r in 0..TILE_ROWS
  if (row0 + $ru < params.m) {
    let at = (row0 + $ru) * n4 + left / 4u;
//#if RESIDUAL
    c[at] = vec4<c_t>(stored(left$r + vec4f(residual[at])));
    if (has_right) { c[at + 1u] = vec4<c_t>(stored(right$r + vec4f(residual[at + 1u]))); }
//#else
    c[at] = vec4<c_t>(stored(left$r));
    if (has_right) { c[at + 1u] = vec4<c_t>(stored(right$r)); }
//#end
  }
//#end
}
