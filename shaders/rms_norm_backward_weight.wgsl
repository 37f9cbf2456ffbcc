// Gradient of a norm's weight, first half: one partial sum per block of rows.
//
//   partial[p][i] = Σ_{m in block p} dy[m][i] x[m][i] rstd[m]
//
// Work split: one thread per (block of ROWS_PER_BLOCK rows, four columns); `column_sum` adds the blocks.
// Bindings:   x, dy (M, stride), rstd (M), partial (blocks, stride).
// Constants:  x_t: f32 or f16; ROWS_PER_BLOCK.
struct Params {
  rows: u32,
  stride: u32,
  blocks: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<x_t>>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read_write> partial_sums: array<vec4f>;
//#include linear_index

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = linear_index(thread, groups);
  let n4 = params.stride / 4u;
  let block = index / n4;
  let column = index % n4;
  if (block >= params.blocks) { return; }
  var sum = vec4f();
  let end = min((block + 1u) * ROWS_PER_BLOCK, params.rows);
  for (var row = block * ROWS_PER_BLOCK; row < end; row++) {
    sum += dy[row * n4 + column] * vec4f(x[row * n4 + column]) * rstd[row];
  }
  partial_sums[block * n4 + column] = sum;
}
