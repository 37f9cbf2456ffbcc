// What softmax's normalisation takes back from every score of a row in the backward pass, beside the row's log-sum-exp.
//
//   delta_t = d_o_t · o_t  ( = Σ_j P_tj dP_tj )
//
// Work split: one thread per token and head.
// Bindings:   o and d_o (M, N, H), softmax (M, N, 2): the second component becomes delta.
// Params:     `rows` = M·N.
// Constants:  HEAD_DIM (H); o_t: f32 or f16.
// Constraints: H a multiple of 4.
// Reference:  FlashAttention-2 (arXiv 2307.08691) algorithm 2, line 4.
struct Params {
  rows: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> o: array<vec4<o_t>>;
@group(0) @binding(2) var<storage, read> d_o: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> softmax: array<vec2f>;
//#include linear_index

const H4 = HEAD_DIM / 4u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = linear_index(thread, groups);
  if (row >= params.rows) { return; }
  var delta = 0.0;
  for (var d = 0u; d < H4; d++) {
    delta += dot(vec4f(o[row * H4 + d]), d_o[row * H4 + d]);
  }
  softmax[row].y = delta;
}
