// Root-mean-square norm of every row.
//
//   y = x · w / √(mean(x²) + ε)
//
// Work split: one thread per row.
// Bindings:   x (M, stride), weight (stride), y (M, stride); vec4 views.
// Params:     `width` is the true width that the mean divides by; columns from there to `stride` are zero padding.
// Constants:  x_t, y_t: f32 or f16; HALF: y_t is f16.
// Reference:  arXiv 1910.07467.
struct Params {
  rows: u32,
  width: u32,
  stride: u32,
  eps: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<x_t>>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<y_t>>;
//#include linear_index
//#include stored

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = linear_index(thread, groups);
  if (row >= params.rows) { return; }
  let n4 = params.stride / 4u;
  let at = row * n4;
  var squares = vec4f();
  for (var i = 0u; i < n4; i++) {
    let value = vec4f(x[at + i]);
    squares += value * value;
  }
  let rstd = inverseSqrt(dot(squares, vec4f(1.0)) / f32(params.width) + params.eps);
  for (var i = 0u; i < n4; i++) {
    y[at + i] = vec4<y_t>(stored(vec4f(x[at + i]) * rstd * weight[i]));
  }
}
