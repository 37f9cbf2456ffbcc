// Gradient of the embedding table, accumulated without atomics: every vocabulary entry gathers its own tokens.
//
//   dweight[v] += Σ_{m: ids[m] = v} dx[m]        in the order of m
//
// Work split: one thread per (vocabulary entry, four columns). The host sorts token positions by id, which keeps the sum's order fixed.
// Bindings:   token_order (M) positions sorted by (id, position), token_start (V + 1) first entry of each id in it, dx (M, stride),
//             dweight (V, stride) read and written.
struct Params {
  stride: u32,
  vocabulary: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> token_order: array<u32>;
@group(0) @binding(2) var<storage, read> token_start: array<u32>;
@group(0) @binding(3) var<storage, read> dx: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dweight: array<vec4f>;
//#include linear_index

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = linear_index(thread, groups);
  let n4 = params.stride / 4u;
  let id = index / n4;
  if (id >= params.vocabulary) { return; }
  let end = token_start[id + 1u];
  let begin = token_start[id];
  if (begin == end) { return; }
  var sum = dweight[index];
  for (var i = begin; i < end; i++) {
    sum += dx[token_order[i] * n4 + index % n4];
  }
  dweight[index] = sum;
}
