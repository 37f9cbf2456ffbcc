// Causal flash attention, backward to the queries: scores are computed again from q, k and the stored log-sum-exp.
//
//   P_tj = exp(scale · q_t·k_j − lse_t)    dP_tj = d_o_t · v_j    dS_tj = P_tj (dP_tj − delta_t)    dq_t = scale Σ_j dS_tj k_j
//
// Work split: a thread owns ROWS consecutive queries of one head and walks their keys, doc_start(t) ≤ j ≤ t, in blocks of four, like the
//             forward kernel; each row of P, dP and dS in a block is one vec4. Threads share nothing; every sum has a fixed order.
// Bindings:   qkv (B·T, N+2K, H) with rotary applied, d_o (B·T, N, H), lse_delta (B·T, N, 2), doc_bounds (B·T, 2), rotary_q (≥ T, H/2, 2)
//             = (cos, sin), dqkv (B·T, N+2K, H): the query heads are written, as gradients before rotary.
// Constants:  HEAD_DIM (H), ROWS.
// Constraints: H a multiple of 8 (padded), at most 128; N a multiple of K.
// Reference:  FlashAttention-2 (arXiv 2307.08691) algorithm 2, with dQ in a kernel of its own because WGSL has no float atomics.
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
@group(0) @binding(5) var<storage, read> rotary_q: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dqkv: array<vec4f>;
//#include linear_index
//#include attention_layout
//#include rotary_transpose

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = linear_index(thread, groups);
  let blocks = (params.length + ROWS - 1u) / ROWS;
  if (index >= blocks * params.query_heads * params.batch) { return; }
  let first_row = index % blocks * ROWS;
  let last_row = min(first_row + ROWS, params.length) - 1u;
  let n = index / blocks % params.query_heads;
  let kv = n / group_size();
  let row_start = index / blocks / params.query_heads * params.length;

  // A thread that overhangs the last query computes that one again and does not write it.
  // q carries the scale of the scores from the start.
  var q: array<vec4f, ROWS * H4>;
  var dout: array<vec4f, ROWS * H4>;
  var dq: array<vec4f, ROWS * H4>;
//#for r in 0..ROWS
  let t$r = min(first_row + $r, last_row);
  let doc_start$r = doc_bounds[row_start + t$r].x;
  let head$r = (row_start + t$r) * params.query_heads + n;
  let lse$r = lse_delta[head$r].x;
  let delta$r = lse_delta[head$r].y;
//#end
  for (var d = 0u; d < H4; d++) {
//#for r in 0..ROWS
    q[d * ROWS + $r] = params.scale * qkv[query_at(row_start + t$r, n) + d];
    dout[d * ROWS + $r] = d_o[head$r * H4 + d];
//#end
  }

  for (var j = doc_start0; j <= last_row; j += 4u) {
    // Keys past the last row are read as that one, and hidden.
    let key = block_of_4(j);
    let k_at = key_at(row_start, kv) + min(key, vec4u(last_row)) * token_stride();
    let v_at = k_at + params.key_value_heads * H4;

    // S and dP of the block, a vec4 per row.
//#for r in 0..ROWS
    var s$r = vec4f();
    var dp$r = vec4f();
//#end
    for (var d = 0u; d < H4; d++) {
      let k = mat4x4f(qkv[k_at.x + d], qkv[k_at.y + d], qkv[k_at.z + d], qkv[k_at.w + d]);
      let v = mat4x4f(qkv[v_at.x + d], qkv[v_at.y + d], qkv[v_at.z + d], qkv[v_at.w + d]);
//#for r in 0..ROWS
      s$r += q[d * ROWS + $r] * k;
      dp$r += dout[d * ROWS + $r] * v;
//#end
    }

    // dS; a hidden key has P = 0 and so adds nothing below.
//#for r in 0..ROWS
    s$r = select(vec4f(HIDDEN), s$r, (key >= vec4u(doc_start$r)) & (key <= vec4u(t$r)));
    let ds$r = exp(s$r - lse$r) * (dp$r - delta$r);
//#end

    for (var d = 0u; d < H4; d++) {
      let k = mat4x4f(qkv[k_at.x + d], qkv[k_at.y + d], qkv[k_at.z + d], qkv[k_at.w + d]);
//#for r in 0..ROWS
      dq[d * ROWS + $r] += k * ds$r;
//#end
    }
  }

//#for r in 0..ROWS
  if (first_row + $r <= last_row) {
    let dq_at = query_at(row_start + t$r, n);
    for (var d = 0u; d < H4 / 2u; d++) {
      let turn_at = t$r * H4 + 2u * d;
      let pair = rotary_transpose(dq[d * ROWS + $r], dq[(d + H4 / 2u) * ROWS + $r], rotary_q[turn_at], rotary_q[turn_at + 1u]);
      dqkv[dq_at + d] = params.scale * pair[0];
      dqkv[dq_at + d + H4 / 2u] = params.scale * pair[1];
    }
  }
//#end
}
