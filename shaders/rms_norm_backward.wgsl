// Gradient of a row's RMS norm with respect to its input; also leaves 1/rms per row for the weight's gradient.
//
//   x̂ = x rstd,  g = dy w,  dx = rstd (g − x̂ mean(g x̂))          dx (+)=
//
// Work split: one thread per row.
// Bindings:   x, dy, dx (M, stride), weight (stride), rstd (M) out.
// Constants:  x_t: f32 or f16; ACCUMULATE adds to dx (the residual stream) instead of overwriting it.
struct Params {
  rows: u32,
  width: u32,
  stride: u32,
  eps: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<x_t>>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> rstd: array<f32>;
//#include linear_index

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = linear_index(thread, groups);
  if (row >= params.rows) { return; }
  let n4 = params.stride / 4u;
  let at = row * n4;
  var squares = vec4f();
  var products = vec4f();
  for (var i = 0u; i < n4; i++) {
    let value = vec4f(x[at + i]);
    squares += value * value;
    products += dy[at + i] * weight[i] * value;
  }
  let scale = inverseSqrt(dot(squares, vec4f(1.0)) / f32(params.width) + params.eps);
  let projection = dot(products, vec4f(1.0)) * scale * scale / f32(params.width);
  rstd[row] = scale;
  for (var i = 0u; i < n4; i++) {
    let gradient = scale * (dy[at + i] * weight[i] - vec4f(x[at + i]) * projection);
//#if ACCUMULATE
    dx[at + i] += gradient;
//#else
    dx[at + i] = gradient;
//#end
  }
}
