// Gate and up projections with their activation in one matmul; the gate and up columns of a unit meet in one thread.
//
//   y[m][f] = silu(g) · u,   g = Σ_k a[m][k] b[f][k],   u = Σ_k a[m][k] b[F + f][k],   silu(g) = g / (1 + e^−g)
//
// Work split: see matmul_threads; a thread owns TILE_ROWS rows × four units.
// Bindings:   a (M, D), b (2F, D) gate rows then up rows, y (M, F).
// Constants:  TILE_ROWS 1…8, SHARE, STAGED, TEAM, WIDTH; a_t, b_t, y_t: f32 or f16; HALF: y_t is f16.
// Constraints: D and F multiples of 4.
// Reference:  GLU variants (arXiv 2002.05202) section 2.
struct Params {
  m: u32,
  f: u32,
  k: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<a_t>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<b_t>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<y_t>>;
//#include matmul_threads
//#include stored

// A unit's gate, and its up column.
fn columns_of(group: u32) -> vec2u {
  return vec2u(4u * group, params.f + 4u * group);
}

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
//#include matmul_inputs
) {
  let row0 = thread.y * TILE_ROWS;
  let columns = columns_of(group_of(thread));
  let left = columns[0];
  let right = columns[1];
  let is_idle = left >= params.f;
  let last_row = params.m - 1u;
  let last_column = 2u * params.f - 1u;
  let size_k = params.k;
//#include matmul_nt_tile
//#for r in 0..TILE_ROWS
  if (row0 + $ru < params.m) {
    y[((row0 + $ru) * params.f + left) / 4u] = vec4<y_t>(stored(left$r / (1.0 + exp(-left$r)) * right$r));
  }
//#end
}
