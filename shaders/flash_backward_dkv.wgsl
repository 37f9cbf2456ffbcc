// Causal flash attention, backward to keys and values: one pass over the queries that see a key gives both gradients.
//
//   P_ij = exp(scale · q_i·k_j − lse_i)    dP_ij = d_o_i · v_j    dS_ij = P_ij (dP_ij − delta_i)
//   dv_j = Σ_i P_ij d_o_i                  dk_j = scale Σ_i dS_ij q_i
//
// Work split: a thread owns KEYS consecutive keys of one key/value head and walks the queries of every query head of its group, from
//             the diagonal to the end of the document, j ≤ i < doc_end(j), in blocks of four; each key's column of P, dP and dS in a
//             block is one vec4. Summing the group inside the thread is what makes grouped queries free of atomics.
// Bindings:   qkv (B·T, N+2K, H) with rotary applied, d_o (B·T, N, H), lse_delta (B·T, N, 2), doc_bounds (B·T, 2), rotary_k (≥ T, H/2, 2)
//             = (cos, sin), dqkv (B·T, N+2K, H): key heads are written as gradients before rotary, value heads as they are.
// Constants:  HEAD_DIM (H), KEYS.
// Constraints: H a multiple of 8 (padded), at most 128; N a multiple of K.
// Reference:  FlashAttention-2 (arXiv 2307.08691) algorithm 2.
struct Params {
  batch: u32,
  length: u32,
  query_heads: u32,
  key_value_heads: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> d_o: array<vec4f>;
@group(0) @binding(3) var<storage, read> lse_delta: array<vec2f>;
@group(0) @binding(4) var<storage, read> doc_bounds: array<vec2u>;
@group(0) @binding(5) var<storage, read> rotary_k: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dqkv: array<vec4f>;
//#include linear_index
//#include attention_layout
//#include rotary_transpose

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = linear_index(thread, groups);
  let blocks = (params.length + KEYS - 1u) / KEYS;
  if (index >= blocks * params.key_value_heads * params.batch) { return; }
  let first_key = index % blocks * KEYS;
  let last_key = min(first_key + KEYS, params.length) - 1u;
  let kv = index / blocks % params.key_value_heads;
  let row_start = index / blocks / params.key_value_heads * params.length;

  // A thread that overhangs the last key computes that one again and does not write it.
  // k carries the scale of the scores from the start.
  var k: array<vec4f, KEYS * H4>;
  var v: array<vec4f, KEYS * H4>;
  var dk: array<vec4f, KEYS * H4>;
  var dv: array<vec4f, KEYS * H4>;
//#for c in 0..KEYS
  let j$c = min(first_key + $c, last_key);
  let doc_end$c = doc_bounds[row_start + j$c].y;
//#end
  for (var d = 0u; d < H4; d++) {
//#for c in 0..KEYS
    k[d * KEYS + $c] = params.scale * qkv[key_at(row_start + j$c, kv) + d];
    v[d * KEYS + $c] = qkv[value_at(row_start + j$c, kv) + d];
//#end
  }

  // The last key's document ends last; before the diagonal nothing sees these keys.
  let end = doc_bounds[row_start + last_key].y;
  for (var n = kv * group_size(); n < (kv + 1u) * group_size(); n++) {
    for (var i = first_key; i < end; i += 4u) {
      // Queries past the end are read as the last one, and hidden.
      let query = block_of_4(i);
      let token = row_start + min(query, vec4u(end - 1u));
      let head = token * params.query_heads + n;
      let q_at = token * token_stride() + n * H4;
      let do_at = head * H4;

      // S and dP of the block, a column per key.
//#for c in 0..KEYS
      var s$c = vec4f();
      var dp$c = vec4f();
//#end
      for (var d = 0u; d < H4; d++) {
        let q = mat4x4f(qkv[q_at.x + d], qkv[q_at.y + d], qkv[q_at.z + d], qkv[q_at.w + d]);
        let dout = mat4x4f(d_o[do_at.x + d], d_o[do_at.y + d], d_o[do_at.z + d], d_o[do_at.w + d]);
//#for c in 0..KEYS
        s$c += k[d * KEYS + $c] * q;
        dp$c += v[d * KEYS + $c] * dout;
//#end
      }

      // P and dS; a hidden query has P = 0 and so adds nothing below.
      let rows = transpose(mat4x2f(lse_delta[head.x], lse_delta[head.y], lse_delta[head.z], lse_delta[head.w]));
      let lse = rows[0];
      let delta = rows[1];
//#for c in 0..KEYS
      s$c = select(vec4f(HIDDEN), s$c, (query >= vec4u(j$c)) & (query < vec4u(doc_end$c)));
      let p$c = exp(s$c - lse);
      let ds$c = p$c * (dp$c - delta);
//#end

      for (var d = 0u; d < H4; d++) {
        let q = mat4x4f(qkv[q_at.x + d], qkv[q_at.y + d], qkv[q_at.z + d], qkv[q_at.w + d]);
        let dout = mat4x4f(d_o[do_at.x + d], d_o[do_at.y + d], d_o[do_at.z + d], d_o[do_at.w + d]);
//#for c in 0..KEYS
        dv[d * KEYS + $c] += dout * p$c;
        dk[d * KEYS + $c] += q * ds$c;
//#end
      }
    }
  }

//#for c in 0..KEYS
  if (first_key + $c <= last_key) {
    let dk_at = key_at(row_start + j$c, kv);
    let dv_at = value_at(row_start + j$c, kv);
    for (var d = 0u; d < H4 / 2u; d++) {
      let turn_at = j$c * H4 + 2u * d;
      let pair = rotary_transpose(dk[d * KEYS + $c], dk[(d + H4 / 2u) * KEYS + $c], rotary_k[turn_at], rotary_k[turn_at + 1u]);
      dqkv[dk_at + d] = params.scale * pair[0];
      dqkv[dk_at + d + H4 / 2u] = params.scale * pair[1];
    }
    for (var d = 0u; d < H4; d++) {
      dqkv[dv_at + d] = dv[d * KEYS + $c];
    }
  }
//#end
}
