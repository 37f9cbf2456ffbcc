// Causal flash attention, backward to the queries: scores are computed again from q, k and the stored log-sum-exp.
//
//   P_tj = exp(scale · q_t·k_j − lse_t)    dP_tj = d_o_t · v_j    dS_tj = P_tj (dP_tj − delta_t)    dq_t = scale Σ_j dS_tj k_j
//
// Work split: as in the forward kernel: a thread (or a quad of them) owns ROWS consecutive queries of one head and walks their keys,
//             doc_start(t) ≤ j ≤ t, in blocks; each row of P, dP and dS over four keys is one vec4. Every sum has a fixed order.
// Bindings:   qkv (B·T, N+2K, H) with rotary applied, d_o (B·T, N, H), softmax (B·T, N, 2) = (log-sum-exp, delta), doc_bounds (B·T, 2),
//             rotary_q (≥ T, H/2, 2) = (cos, sin), dqkv (B·T, N+2K, H): the query heads are written, as gradients before rotary.
// Params:     a piece of a call takes workgroups [first_group, end_group) and keys [key_begin, key_end), multiples of a block; what a row
//             has so far is kept in dqkv, before scale and rotary, and taken up again.
// Constants:  HEAD_DIM (H), ROWS, THREADS of a workgroup; LOADS · QUADS · 4 keys in a block, SHARE, WIDTH, STAGED, TILE, LANES: see
//             attention_together; qkv_t: f32 or f16.
// Constraints: H a multiple of 8 (padded), at most 128; N a multiple of K.
// Reference:  FlashAttention-2 (arXiv 2307.08691) algorithm 2, with dQ in a kernel of its own because WGSL has no float atomics.
struct Params {
  length: u32,
  query_heads: u32,
  key_value_heads: u32,
  first_group: u32,
  end_group: u32,
  key_begin: u32,
  key_end: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4<qkv_t>>;
@group(0) @binding(2) var<storage, read> d_o: array<vec4f>;
@group(0) @binding(3) var<storage, read> softmax: array<vec2f>;
@group(0) @binding(4) var<storage, read> doc_bounds: array<vec2u>;
@group(0) @binding(5) var<storage, read> rotary_q: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dqkv: array<vec4f>;
//#include attention_layout
//#include attention_together
//#include rotary_transpose

const BLOCK = LOADS * QUADS * 4u;
//#if STAGED
var<workgroup> k_tile: array<vec4f, TILE * PITCH>;
var<workgroup> v_tile: array<vec4f, TILE * PITCH>;
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
  let tiles = (params.length + TEAMS * ROWS - 1u) / (TEAMS * ROWS);
  let n = group / tiles % params.query_heads;
  let row_start = group / tiles / params.query_heads * params.length;
//#include attention_team(k_tile)
  let first_row = (group % tiles * TEAMS + team) * ROWS;
  let last_row = min(first_row + ROWS, params.length) - 1u;
  let k_start = key_at(row_start, n / group_size());
  let v_start = value_at(row_start, n / group_size());

  // A row past the last query is the last one again, and not written.
  // q carries the scale of the scores from the start.
  var q: array<vec4f, ROWS * VECTORS>;
  var dout: array<vec4f, ROWS * VECTORS>;
  var dq: array<vec4f, ROWS * VECTORS>;
//#for r in 0..ROWS
  let t$r = min(first_row + $r, last_row);
  let doc_start$r = doc_bounds[row_start + t$r].x;
  let head$r = (row_start + t$r) * params.query_heads + n;
  let q_at$r = query_at(row_start + t$r, n);
  let lse$r = softmax[head$r].x;
  let delta$r = softmax[head$r].y;
//#end
  for (var d = 0u; d < VECTORS; d++) {
    if (is_held(d, slice)) {
//#for r in 0..ROWS
      q[d * ROWS + $r] = params.scale * vec4f(qkv[q_at$r + channel(d, slice)]);
      dout[d * ROWS + $r] = d_o[head$r * H4 + channel(d, slice)];
//#end
    }
  }

//#include attention_walk(0u, params.length)
  // What the row has so far.
  if (walks && doc_start0 < params.key_begin) {
    for (var d = 0u; d < VECTORS; d++) {
      if (is_held(d, slice)) {
//#for r in 0..ROWS
        dq[d * ROWS + $r] = dqkv[q_at$r + channel(d, slice)];
//#end
      }
    }
  }

  for (var j = walk_from; j < walk_to; j += BLOCK) {
//#if STAGED
    if (j % TILE == 0u) {
      workgroupBarrier();
//#include attention_stage(k_tile, qkv, j, k_start, token_stride())
//#include attention_stage(v_tile, qkv, j, v_start, token_stride())
      workgroupBarrier();
    }
//#end
//#include attention_positions(k, j, k_start, token_stride())
//#include attention_positions(v, j, v_start, token_stride())
//#for l in 0..LOADS
//#for c in 0..QUADS
//#for r in 0..ROWS
    var s$r_$l_$c = vec4f();
    var dp$r_$l_$c = vec4f();
//#end
//#end
//#end
    for (var d = 0u; d < VECTORS; d++) {
//#for l in 0..LOADS
//#include attention_quads(k, qkv, $l)
//#include attention_quads(v, qkv, $l)
//#for c in 0..QUADS
//#for r in 0..ROWS
      s$r_$l_$c += q[d * ROWS + $r] * k$l_$c;
      dp$r_$l_$c += dout[d * ROWS + $r] * v$l_$c;
//#end
//#end
//#end
    }

    // dS; a hidden key has P = 0 and so adds nothing below.
    let hides = j < open_from || j + BLOCK > open_to;
//#for l in 0..LOADS
//#for c in 0..QUADS
    let key$l_$c = quad(j, $lu, $cu);
//#for r in 0..ROWS
    s$r_$l_$c = team_sum(s$r_$l_$c);
    if (hides) { s$r_$l_$c = select(vec4f(HIDDEN), s$r_$l_$c, (key$l_$c >= vec4u(doc_start$r)) & (key$l_$c <= vec4u(t$r))); }
    let ds$r_$l_$c = exp(s$r_$l_$c - lse$r) * (team_sum(dp$r_$l_$c) - delta$r);
//#end
//#end
//#end

    for (var d = 0u; d < VECTORS; d++) {
//#for r in 0..ROWS
      var dq$r = dq[d * ROWS + $r];
//#end
//#for l in 0..LOADS
//#include attention_quads(k, qkv, $l)
//#for c in 0..QUADS
//#for r in 0..ROWS
      dq$r += k$l_$c * ds$r_$l_$c;
//#end
//#end
//#end
//#for r in 0..ROWS
      dq[d * ROWS + $r] = dq$r;
//#end
    }
  }

  if (!walks) { return; }
  let done = end <= params.key_end;
//#for r in 0..ROWS
  if (first_row + $r <= last_row) {
    for (var d = 0u; d < VECTORS / 2u; d++) {
      let low = dq[d * ROWS + $r];
      let high = dq[(d + VECTORS / 2u) * ROWS + $r];
      let at = channel(d, slice);
      let turn_at = t$r * H4 + 2u * at;
      let pair = rotary_transpose(low, high, rotary_q[turn_at], rotary_q[turn_at + 1u]);
      if (is_held(d, slice)) {
        dqkv[q_at$r + at] = select(low, params.scale * pair[0], done);
        dqkv[q_at$r + at + H4 / 2u] = select(high, params.scale * pair[1], done);
      }
    }
  }
//#end
}
