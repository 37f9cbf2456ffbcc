// How far and how evenly chosen queries look: exact softmax weights from the stored log-sum-exp, summed and never kept.
//
//   A_tj = exp(scale · q_t·k_j − lse_t),  d = t − j        s = doc_start(t), where an attention sink sits
//   Σ_j A d    A_ts (t − s)    A_ts    −Σ_j A log A        Σ A over d in [0] [1] [2, 3] [4, 7] …
//
// Work split: a thread owns one query of one head. It walks the keys backwards bin by bin, because for one query a bin of distances is a
//             contiguous range of keys: each bin's mass is one scalar and nothing is indexed by a computed bin. Blocks of four keys.
// Bindings:   qkv (B·T, N+2K, H) with rotary applied, softmax (B·T, N, 2) = (log-sum-exp, –), doc_bounds (B·T, 2), query_rows (Q) = token indices below B·T,
//             statistics (Q, N, 4 + bins) in the order above; bins beyond the start of the document are 0.
// Constants:  HEAD_DIM (H); qkv_t: f32 or f16.
// Constraints: H a multiple of 4; N a multiple of K; 2^(bins − 1) ≥ T.
struct Params {
  length: u32,
  query_heads: u32,
  key_value_heads: u32,
  queries: u32,
  bins: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4<qkv_t>>;
@group(0) @binding(2) var<storage, read> softmax: array<vec2f>;
@group(0) @binding(3) var<storage, read> doc_bounds: array<vec2u>;
@group(0) @binding(4) var<storage, read> query_rows: array<u32>;
@group(0) @binding(5) var<storage, read_write> statistics: array<f32>;
//#include linear_index
//#include attention_layout

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = linear_index(thread, groups);
  if (index >= params.queries * params.query_heads) { return; }
  let n = index % params.query_heads;
  let token = query_rows[index / params.query_heads];
  let span = token % params.length - doc_bounds[token].x;
  let q_at = query_at(token, n);
  let row_lse = softmax[token * params.query_heads + n].x;
  let out = index * (4u + params.bins);

  var distance_sum = 0.0;
  var entropy = 0.0;
  var first_token_mass = 0.0;
  for (var bin = 0u; bin < params.bins; bin++) {
    // Bin 0 is distance 0; bin b holds [2^(b−1), 2^b).
    let begin = (1u << bin) >> 1u;
    let end = min(1u << bin, span + 1u);
    var mass = 0.0;
    for (var d = begin; d < end; d += 4u) {
      // Distances past the end are read as the last one, and hidden.
      let distance = block_of_4(d);
      let key = vec4u(token) - min(distance, vec4u(end - 1u));
      let k_at = key_at(0u, n / group_size()) + key * token_stride();
      var score = vec4f();
      for (var i = 0u; i < H4; i++) {
        score += vec4f(qkv[q_at + i]) * mat4x4f(vec4f(qkv[k_at.x + i]), vec4f(qkv[k_at.y + i]), vec4f(qkv[k_at.z + i]), vec4f(qkv[k_at.w + i]));
      }
      let log_weight = select(vec4f(HIDDEN), params.scale * score - row_lse, distance < vec4u(end));
      let weight = exp(log_weight);
      mass += dot(weight, vec4f(1.0));
      distance_sum += dot(weight, vec4f(distance));
      entropy -= dot(weight, log_weight);
      first_token_mass += dot(weight, vec4f(distance == vec4u(span)));
    }
    statistics[out + 4u + bin] = mass;
  }
  statistics[out] = distance_sum;
  statistics[out + 1u] = first_token_mass * f32(span);
  statistics[out + 2u] = first_token_mass;
  statistics[out + 3u] = entropy;
}
