// Gradient through the down projection and the SwiGLU before it, in one matmul; gate and up become their gradients in place.
//
//   dy = dout·W_down;   σ = 1 / (1 + e^−g)
//   y  = g σ u          dg = dy u σ (1 + g (1 − σ))          du = dy g σ
//
// Work split: see matmul_threads; a thread owns TILE_ROWS rows × eight units: it alone reads and replaces their g and u.
// Bindings:   a (M, D) gradient of the output, b (D, F) down weights, gate_up (M, 2F) in: g then u, out: dg then du, y (M, F) out.
// Constants:  TILE_ROWS 4 or 8, SHARE, STAGED, WIDTH; a_t, b_t, y_t: f32 or f16; HALF: y_t is f16.
// Constraints: D and F multiples of 4.
struct Params {
  m: u32,
  f: u32,
  k: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<a_t>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<b_t>>;
@group(0) @binding(3) var<storage, read_write> gate_up: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<y_t>>;
//#include matmul_threads
//#include stored

fn differentiate(row: u32, unit4: u32, n4: u32, dy: vec4f) {
  let at = row * 2u * n4 + unit4;
  let g = gate_up[at];
  let u = gate_up[at + n4];
  let sigma = 1.0 / (1.0 + exp(-g));
  y[row * n4 + unit4] = vec4<y_t>(stored(g * sigma * u));
  gate_up[at] = dy * u * sigma * (1.0 + g * (1.0 - sigma));
  gate_up[at + n4] = dy * g * sigma;
}

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
//#include matmul_inputs
) {
  let row0 = thread.y * TILE_ROWS;
  let column4 = thread.x * 2u;
  let n4 = params.f / 4u;
  let is_idle = column4 >= n4;
  let next4 = min(column4 + 1u, n4 - 1u);
  let last_row = params.m - 1u;
  let size_k = params.k;
//#include matmul_nn_tile
//#for r in 0..TILE_ROWS
  if (row0 + $ru < params.m) {
    differentiate(row0 + $ru, column4, n4, left$r);
    if (next4 > column4) { differentiate(row0 + $ru, next4, n4, right$r); }
  }
//#end
}
