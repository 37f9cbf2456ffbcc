// Looks token embeddings up.
//
//   x[m] = weight[ids[m]]
//
// Work split: one thread per (token, four columns).
// Bindings:   ids (M), weight (V, stride), x (M, stride); an id past V reads the last row rather than other memory.
// Constants:  weight_t, x_t: f32 or f16, the same.
struct Params {
  rows: u32,
  stride: u32,
  vocabulary: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<weight_t>>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4<x_t>>;
//#include linear_index

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = linear_index(thread, groups);
  let n4 = params.stride / 4u;
  let row = index / n4;
  if (row >= params.rows) { return; }
  let id = min(ids[row], params.vocabulary - 1u);
  x[index] = vec4<x_t>(weight[id * n4 + index % n4]);
}
