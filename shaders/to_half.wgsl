// Float32 to float16, clamped: how the weights that kernels read follow the master weights.
//
//   y[i] = f16(clamp(x[i], ±65504))
//
// Work split: one thread per four values.
// Bindings:   x (count4 vec4s, float32), y (count4 vec4s, float16).
// Constants:  y_t: f16; HALF.
struct Params {
  count4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<y_t>>;
//#include linear_index
//#include stored

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(thread, groups);
  if (i >= params.count4) { return; }
  y[i] = vec4<y_t>(stored(x[i]));
}
