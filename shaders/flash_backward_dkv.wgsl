// Causal flash attention, backward to keys and values: one pass over the queries that see a key gives both gradients.
//
//   P_ij = exp(scale · q_i·k_j − lse_i)    dP_ij = d_o_i · v_j    dS_ij = P_ij (dP_ij − delta_i)
//   dv_j = Σ_i P_ij d_o_i                  dk_j = scale Σ_i dS_ij q_i
//
// Work split: a thread owns KEYS consecutive keys of one key/value head and walks the queries that see them, j ≤ i < doc_end(j), in blocks,
//             and within a block the query heads of its group: summing the group inside the thread is what makes grouped queries free of
//             atomics. Each key's column of P, dP and dS over four queries is one vec4. A workgroup holds 64 such threads of one head.
// Bindings:   qkv (B·T, N+2K, H) with rotary applied, d_o (B·T, N, H), softmax (B·T, N, 2) = (log-sum-exp, delta), doc_bounds (B·T, 2),
//             rotary_k (≥ T, H/2, 2) = (cos, sin), dqkv (B·T, N+2K, H): key heads are written as gradients before rotary, value heads as
//             they are.
// Params:     a piece of a call takes workgroups [first_group, end_group) and queries [query_begin, query_end), multiples of a block; what a
//             key has so far is kept in dqkv, before scale and rotary, and taken up again.
// Constants:  HEAD_DIM (H), KEYS; LOADS · QUADS · 4 queries in a block, SHARE, WIDTH: see attention_together; qkv_t: f32 or f16.
// Constraints: H a multiple of 8 (padded), at most 128; N a multiple of K.
// Reference:  FlashAttention-2 (arXiv 2307.08691) algorithm 2.
struct Params {
  length: u32,
  query_heads: u32,
  key_value_heads: u32,
  first_group: u32,
  end_group: u32,
  query_begin: u32,
  query_end: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4<qkv_t>>;
@group(0) @binding(2) var<storage, read> d_o: array<vec4f>;
@group(0) @binding(3) var<storage, read> softmax: array<vec2f>;
@group(0) @binding(4) var<storage, read> doc_bounds: array<vec2u>;
@group(0) @binding(5) var<storage, read> rotary_k: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dqkv: array<vec4f>;
//#include attention_layout
//#include attention_together
//#include rotary_transpose

const BLOCK = LOADS * QUADS * 4u;

@compute @workgroup_size(64)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
//#if SHARE
  @builtin(subgroup_invocation_id) lane: u32,
//#end
) {
  let group = params.first_group + id.y * groups.x + id.x;
  if (group >= params.end_group) { return; }
  let tiles = (params.length + 64u * KEYS - 1u) / (64u * KEYS);
  let kv = group / tiles % params.key_value_heads;
  let row_start = group / tiles / params.key_value_heads * params.length;
  let first_key = (group % tiles * 64u + thread) * KEYS;
  let last_key = min(first_key + KEYS, params.length) - 1u;

  // A key past the last one is the last one again, and not written.
  // k carries the scale of the scores from the start.
  var k: array<vec4f, KEYS * H4>;
  var v: array<vec4f, KEYS * H4>;
  var dk: array<vec4f, KEYS * H4>;
  var dv: array<vec4f, KEYS * H4>;
//#for r in 0..KEYS
  let j$r = min(first_key + $r, last_key);
  let doc_end$r = doc_bounds[row_start + j$r].y;
  let k_at$r = key_at(row_start + j$r, kv);
  let v_at$r = value_at(row_start + j$r, kv);
//#end
  for (var d = 0u; d < H4; d++) {
//#for r in 0..KEYS
    k[d * KEYS + $r] = params.scale * vec4f(qkv[k_at$r + d]);
    v[d * KEYS + $r] = vec4f(qkv[v_at$r + d]);
//#end
  }

  // What this thread walks in this piece, and what it has behind it. The last key's document ends last.
  let end = doc_bounds[row_start + last_key].y;
  let begin = max(first_key, params.query_begin);
  let stop = select(0u, min(end, params.query_end), first_key < params.length);
  let walks = begin < stop;
  if (walks && first_key < params.query_begin) {
    for (var d = 0u; d < H4; d++) {
//#for r in 0..KEYS
      dk[d * KEYS + $r] = dqkv[k_at$r + d];
      dv[d * KEYS + $r] = dqkv[v_at$r + d];
//#end
    }
  }
  let walk_from = least(select(NOWHERE, begin, walks)) / BLOCK * BLOCK;
  let walk_to = most(select(0u, stop, walks));
  // Blocks between these hide nothing from anyone.
  let open_from = most(select(0u, last_key, walks));
  let open_to = least(select(NOWHERE, doc_end0, walks));

  for (var i = walk_from; i < walk_to; i += BLOCK) {
    let hides = i < open_from || i + BLOCK > open_to;
    for (var n = kv * group_size(); n < (kv + 1u) * group_size(); n++) {
      let row_first = row_start * params.query_heads + n;
      let dout_first = row_first * H4;
      let q_first = query_at(row_start, n);
//#include attention_positions(row, i, row_first, params.query_heads)
//#include attention_positions(dout, i, dout_first, params.query_heads * H4)
//#include attention_positions(q, i, q_first, token_stride())
//#for l in 0..LOADS
//#if SHARE
      let row$l = softmax[row_own$l];
//#end
//#for c in 0..QUADS
//#if SHARE
      let rows$l_$c = mat4x2f(
        subgroupBroadcast(row$l, 4u * $cu),
        subgroupBroadcast(row$l, 4u * $cu + 1u),
        subgroupBroadcast(row$l, 4u * $cu + 2u),
        subgroupBroadcast(row$l, 4u * $cu + 3u));
//#else
      let rows$l_$c = mat4x2f(softmax[row_at$l_$c.x], softmax[row_at$l_$c.y], softmax[row_at$l_$c.z], softmax[row_at$l_$c.w]);
//#end
      let lse$l_$c = transpose(rows$l_$c)[0];
      let delta$l_$c = transpose(rows$l_$c)[1];
//#for r in 0..KEYS
      var s$r_$l_$c = vec4f();
      var dp$r_$l_$c = vec4f();
//#end
//#end
//#end
      for (var d = 0u; d < H4; d++) {
//#for l in 0..LOADS
//#include attention_quads(q, qkv, $l)
//#include attention_quads(dout, d_o, $l)
//#for c in 0..QUADS
//#for r in 0..KEYS
        s$r_$l_$c += k[d * KEYS + $r] * q$l_$c;
        dp$r_$l_$c += v[d * KEYS + $r] * dout$l_$c;
//#end
//#end
//#end
      }

      // P and dS; a hidden query has P = 0 and so adds nothing below.
//#for l in 0..LOADS
//#for c in 0..QUADS
      let query$l_$c = quad(i, $lu, $cu);
//#for r in 0..KEYS
      if (hides) { s$r_$l_$c = select(vec4f(HIDDEN), s$r_$l_$c, (query$l_$c >= vec4u(j$r)) & (query$l_$c < vec4u(doc_end$r))); }
      let p$r_$l_$c = exp(s$r_$l_$c - lse$l_$c);
      let ds$r_$l_$c = p$r_$l_$c * (dp$r_$l_$c - delta$l_$c);
//#end
//#end
//#end

      for (var d = 0u; d < H4; d++) {
//#for r in 0..KEYS
        var dk$r = dk[d * KEYS + $r];
        var dv$r = dv[d * KEYS + $r];
//#end
//#for l in 0..LOADS
//#include attention_quads(q, qkv, $l)
//#include attention_quads(dout, d_o, $l)
//#for c in 0..QUADS
//#for r in 0..KEYS
        dv$r += dout$l_$c * p$r_$l_$c;
        dk$r += q$l_$c * ds$r_$l_$c;
//#end
//#end
//#end
//#for r in 0..KEYS
        dk[d * KEYS + $r] = dk$r;
        dv[d * KEYS + $r] = dv$r;
//#end
      }
    }
  }

  if (!walks) { return; }
  let done = end <= params.query_end;
//#for r in 0..KEYS
  if (first_key + $r <= last_key) {
    for (var d = 0u; d < H4 / 2u; d++) {
      let low = dk[d * KEYS + $r];
      let high = dk[(d + H4 / 2u) * KEYS + $r];
      let turn_at = j$r * H4 + 2u * d;
      let pair = rotary_transpose(low, high, rotary_k[turn_at], rotary_k[turn_at + 1u]);
      dqkv[k_at$r + d] = select(low, params.scale * pair[0], done);
      dqkv[k_at$r + d + H4 / 2u] = select(high, params.scale * pair[1], done);
    }
    for (var d = 0u; d < H4; d++) {
      dqkv[v_at$r + d] = dv[d * KEYS + $r];
    }
  }
//#end
}
