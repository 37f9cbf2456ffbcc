// Causal flash attention, backward to keys and values: one pass over the queries that see a key gives both gradients.
//
//   P_ij = exp(scale · q_i·k_j − lse_i)    dP_ij = d_o_i · v_j    dS_ij = P_ij (dP_ij − delta_i)
//   dv_j = Σ_i P_ij d_o_i                  dk_j = scale Σ_i dS_ij q_i
//
// Work split: a thread (or a quad of them) owns KEYS consecutive keys of one key/value head and walks the queries that see them,
//             j ≤ i < doc_end(j), in tiles, within a tile the query heads of its group, and their queries in blocks: summing the group inside
//             the thread is what makes grouped queries free of atomics. Each key's column of P, dP and dS over four queries is one vec4. A
//             workgroup is all of one head.
// Bindings:   qkv (B·T, N+2K, H) with rotary applied, d_o (B·T, N, H), softmax (B·T, N, 2) = (log-sum-exp, delta), doc_bounds (B·T, 2),
//             rotary_k (≥ T, H/2, 2) = (cos, sin), dqkv (B·T, N+2K, H): key heads are written as gradients before rotary, value heads as
//             they are.
// Params:     a piece of a call takes workgroups [first_group, end_group) and queries [query_begin, query_end), multiples of a block; what a
//             key has so far is kept in dqkv, before scale and rotary, and taken up again.
// Constants:  HEAD_DIM (H), KEYS, THREADS of a workgroup; LOADS · QUADS · 4 queries in a block, SHARE, WIDTH, STAGED, TILE, LANES: see
//             attention_together; qkv_t: f32 or f16.
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
//#if STAGED
var<workgroup> q_tile: array<vec4f, TILE * PITCH>;
var<workgroup> dout_tile: array<vec4f, TILE * PITCH>;
var<workgroup> softmax_tile: array<vec2f, TILE>;
//#end

@compute @workgroup_size(THREADS)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
//#if SHARE || LANES > 1
  @builtin(subgroup_invocation_id) lane: u32,
//#end
) {
  let group = params.first_group + id.y * groups.x + id.x;
  if (group >= params.end_group) { return; }
  let tiles = (params.length + TEAMS * KEYS - 1u) / (TEAMS * KEYS);
  let kv = group / tiles % params.key_value_heads;
  let row_start = group / tiles / params.key_value_heads * params.length;
//#include attention_team(q_tile)
  let first_key = (group % tiles * TEAMS + team) * KEYS;
  let last_key = min(first_key + KEYS, params.length) - 1u;

  // A key past the last one is the last one again, and not written.
  // k carries the scale of the scores from the start.
  var k: array<vec4f, KEYS * VECTORS>;
  var v: array<vec4f, KEYS * VECTORS>;
  var dk: array<vec4f, KEYS * VECTORS>;
  var dv: array<vec4f, KEYS * VECTORS>;
//#for r in 0..KEYS
  let j$r = min(first_key + $r, last_key);
  let doc_end$r = doc_bounds[row_start + j$r].y;
  let k_at$r = key_at(row_start + j$r, kv);
  let v_at$r = value_at(row_start + j$r, kv);
//#end
  for (var d = 0u; d < VECTORS; d++) {
    if (is_held(d, slice)) {
//#for r in 0..KEYS
      k[d * KEYS + $r] = params.scale * vec4f(qkv[k_at$r + channel(d, slice)]);
      v[d * KEYS + $r] = vec4f(qkv[v_at$r + channel(d, slice)]);
//#end
    }
  }

  // What this thread walks in this piece, and what it has behind it. The last key's document ends last.
  let end = doc_bounds[row_start + last_key].y;
  let begin = max(first_key, params.query_begin);
  let stop = select(0u, min(end, params.query_end), first_key < params.length);
  let walks = begin < stop;
  if (walks && first_key < params.query_begin) {
    for (var d = 0u; d < VECTORS; d++) {
      if (is_held(d, slice)) {
//#for r in 0..KEYS
        dk[d * KEYS + $r] = dqkv[k_at$r + channel(d, slice)];
        dv[d * KEYS + $r] = dqkv[v_at$r + channel(d, slice)];
//#end
      }
    }
  }
//#if STAGED
  let tile_first = group % tiles * TEAMS * KEYS;
  let tile_last = min(tile_first + TEAMS * KEYS, params.length) - 1u;
  let walk_from = max(tile_first, params.query_begin) / TILE * TILE;
  let walk_to = min(doc_bounds[row_start + tile_last].y, params.query_end);
  // Blocks between these hide nothing from anyone.
  let open_from = tile_last;
  let open_to = doc_bounds[row_start + tile_first].y;
//#else
  let walk_from = least(select(NOWHERE, begin, walks)) / BLOCK * BLOCK;
  let walk_to = most(select(0u, stop, walks));
  // Blocks between these hide nothing from anyone.
  let open_from = most(select(0u, last_key, walks));
  let open_to = least(select(NOWHERE, doc_end0, walks));
//#end

  for (var tile = walk_from; tile < walk_to; tile += TILE) {
    for (var n = kv * group_size(); n < (kv + 1u) * group_size(); n++) {
      let row_first = row_start * params.query_heads + n;
      let dout_first = row_first * H4;
      let q_first = query_at(row_start, n);
//#if STAGED
      workgroupBarrier();
//#include attention_stage(q_tile, qkv, tile, q_first, token_stride())
//#include attention_stage(dout_tile, d_o, tile, dout_first, params.query_heads * H4)
      for (var at = thread; at < TILE; at += THREADS) {
        softmax_tile[at] = softmax[row_first + min(tile + at, params.length - 1u) * params.query_heads];
      }
      workgroupBarrier();
//#end
      for (var i = tile; i < min(tile + TILE, walk_to); i += BLOCK) {
//#include attention_positions(dout, i, dout_first, params.query_heads * H4)
//#include attention_positions(q, i, q_first, token_stride())
//#for l in 0..LOADS
//#if SHARE
        let row$l = softmax[row_first + min(i + $lu * WIDTH + lane % WIDTH, params.length - 1u) * params.query_heads];
//#end
//#for c in 0..QUADS
        let query$l_$c = quad(i, $lu, $cu);
//#if SHARE
        let rows$l_$c = mat4x2f(
          subgroupBroadcast(row$l, 4u * $cu),
          subgroupBroadcast(row$l, 4u * $cu + 1u),
          subgroupBroadcast(row$l, 4u * $cu + 2u),
          subgroupBroadcast(row$l, 4u * $cu + 3u));
//#else
//#if STAGED
        let row_at$l_$c = query$l_$c % TILE;
        let rows$l_$c = mat4x2f(
          softmax_tile[row_at$l_$c.x], softmax_tile[row_at$l_$c.y], softmax_tile[row_at$l_$c.z], softmax_tile[row_at$l_$c.w]);
//#else
        let row_at$l_$c = row_first + min(query$l_$c, vec4u(params.length - 1u)) * params.query_heads;
        let rows$l_$c = mat4x2f(softmax[row_at$l_$c.x], softmax[row_at$l_$c.y], softmax[row_at$l_$c.z], softmax[row_at$l_$c.w]);
//#end
//#end
        let lse$l_$c = transpose(rows$l_$c)[0];
        let delta$l_$c = transpose(rows$l_$c)[1];
//#for r in 0..KEYS
        var s$r_$l_$c = vec4f();
        var dp$r_$l_$c = vec4f();
//#end
//#end
//#end
        for (var d = 0u; d < VECTORS; d++) {
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
        let hides = i < open_from || i + BLOCK > open_to;
//#for l in 0..LOADS
//#for c in 0..QUADS
//#for r in 0..KEYS
        s$r_$l_$c = team_sum(s$r_$l_$c);
        if (hides) { s$r_$l_$c = select(vec4f(HIDDEN), s$r_$l_$c, (query$l_$c >= vec4u(j$r)) & (query$l_$c < vec4u(doc_end$r))); }
        let p$r_$l_$c = exp(s$r_$l_$c - lse$l_$c);
        let ds$r_$l_$c = p$r_$l_$c * (team_sum(dp$r_$l_$c) - delta$l_$c);
//#end
//#end
//#end

        for (var d = 0u; d < VECTORS; d++) {
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
  }

  if (!walks) { return; }
  let done = end <= params.query_end;
//#for r in 0..KEYS
  if (first_key + $r <= last_key) {
    for (var d = 0u; d < VECTORS / 2u; d++) {
      let low = dk[d * KEYS + $r];
      let high = dk[(d + VECTORS / 2u) * KEYS + $r];
      let at = channel(d, slice);
      let turn_at = j$r * H4 + 2u * at;
      let pair = rotary_transpose(low, high, rotary_k[turn_at], rotary_k[turn_at + 1u]);
      if (is_held(d, slice)) {
        dqkv[k_at$r + at] = select(low, params.scale * pair[0], done);
        dqkv[k_at$r + at + H4 / 2u] = select(high, params.scale * pair[1], done);
        dqkv[v_at$r + at] = dv[d * KEYS + $r];
        dqkv[v_at$r + at + H4 / 2u] = dv[(d + VECTORS / 2u) * KEYS + $r];
      }
    }
  }
//#end
}
