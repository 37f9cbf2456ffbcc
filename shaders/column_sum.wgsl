// Adds the rows of a matrix to a vector, in order: the second half of a norm weight's gradient.
//
//   y[i] += Σ_p partial[p][i]
//
// Work split: one thread per four columns.
// Bindings:   partial_sums (blocks, stride), y (stride) read and written.
struct Params {
  stride: u32,
  blocks: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial_sums: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let n4 = params.stride / 4u;
  let column = thread.x;
  if (column >= n4) { return; }
  var sum = y[column];
  for (var block = 0u; block < params.blocks; block++) {
    sum += partial_sums[block * n4 + column];
  }
  y[column] = sum;
}
