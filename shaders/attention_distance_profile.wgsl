// Attention mass at every single distance, summed over chosen queries: the exact curve behind the histogram's bins.
//
//   profile_nd = Σ_t A_{t, t−d},   A_tj = exp(scale · q_t·k_j − lse_t),   0 ≤ d ≤ t − doc_start(t)
//
// Work split: a thread owns four consecutive distances of one head and walks the queries in order, so that no two threads add to one sum.
// Bindings:   qkv (B·T, N+2K, H) with rotary applied, softmax (B·T, N, 2) = (log-sum-exp, –), doc_bounds (B·T, 2), query_rows (Q) = token indices below B·T,
//             profile (N, T).
// Constants:  HEAD_DIM (H); qkv_t: f32 or f16.
// Constraints: H a multiple of 4; N a multiple of K.
struct Params {
  length: u32,
  query_heads: u32,
  key_value_heads: u32,
  queries: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4<qkv_t>>;
@group(0) @binding(2) var<storage, read> softmax: array<vec2f>;
@group(0) @binding(3) var<storage, read> doc_bounds: array<vec2u>;
@group(0) @binding(4) var<storage, read> query_rows: array<u32>;
@group(0) @binding(5) var<storage, read_write> profile: array<f32>;
//#include linear_index
//#include attention_layout

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = linear_index(thread, groups);
  let blocks = (params.length + 3u) / 4u;
  if (index >= blocks * params.query_heads) { return; }
  let n = index / blocks;
  let first = index % blocks * 4u;
  let distance = block_of_4(first);

  var mass = vec4f();
  for (var query = 0u; query < params.queries; query++) {
    let token = query_rows[query];
    let span = token % params.length - doc_bounds[token].x;
    if (first > span) { continue; }
    // Distances past the document's start are read as its first token, and hidden.
    let key = vec4u(token) - min(distance, vec4u(span));
    let q_at = query_at(token, n);
    let k_at = key_at(0u, n / group_size()) + key * token_stride();
    var score = vec4f();
    for (var i = 0u; i < H4; i++) {
      score += vec4f(qkv[q_at + i]) * mat4x4f(vec4f(qkv[k_at.x + i]), vec4f(qkv[k_at.y + i]), vec4f(qkv[k_at.z + i]), vec4f(qkv[k_at.w + i]));
    }
    score = select(vec4f(HIDDEN), params.scale * score, distance <= vec4u(span));
    mass += exp(score - softmax[token * params.query_heads + n].x);
  }
  for (var i = 0u; i < min(4u, params.length - first); i++) {
    profile[n * params.length + first + i] = mass[i];
  }
}
