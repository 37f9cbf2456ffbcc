// Causal flash attention, forward: softmax attention of every query without ever storing a score.
//
//   s_tj = scale · q_t·k_j,  doc_start(t) ≤ j ≤ t      lse_t = log Σ_j exp(s_tj)      o_t = Σ_j exp(s_tj − lse_t) v_j
//
// Work split: a thread owns ROWS consecutive queries of one head and walks their keys in blocks of four. Per row it keeps the running
//             maximum m, the running sum l and the unnormalised output acc (online softmax); a block's scores are one vec4 per row.
//             Threads share nothing, so there is no workgroup memory and no barrier. Keys of earlier documents and past the
//             diagonal are not read.
// Bindings:   qkv (B·T, N+2K, H) with rotary applied, doc_bounds (B·T, 2) = first position of a token's document within its row and
//             one past its last, o (B·Q, N, H), lse (B·Q, N).
// Params:     `first_query` and `query_count` (Q) give the positions of the queries in every row: 0 and T in training, the number of
//             cached tokens and 1 in decoding.
// Constants:  HEAD_DIM (H), ROWS.
// Constraints: H a multiple of 8 (padded), at most 128; N a multiple of K.
// Reference:  FlashAttention-2 (arXiv 2307.08691) algorithm 1; online softmax, arXiv 1805.02867.
struct Params {
  batch: u32,
  length: u32,
  query_heads: u32,
  key_value_heads: u32,
  first_query: u32,
  query_count: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> doc_bounds: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> o: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
//#include linear_index
//#include attention_layout

// Where the running maximum starts: above HIDDEN, so that exp(HIDDEN − m) is 0 even before the first visible key.
const LOWEST = -1e29;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = linear_index(thread, groups);
  let blocks = (params.query_count + ROWS - 1u) / ROWS;
  if (index >= blocks * params.query_heads * params.batch) { return; }
  let first_row = index % blocks * ROWS;
  let last_row = min(first_row + ROWS, params.query_count) - 1u;
  let n = index / blocks % params.query_heads;
  let kv = n / group_size();
  let b = index / blocks / params.query_heads;
  let row_start = b * params.length;

  // A thread that overhangs the last query computes that one again and does not write it.
  // q carries the scale of the scores from the start.
  var q: array<vec4f, ROWS * H4>;
  var acc: array<vec4f, ROWS * H4>;
//#for r in 0..ROWS
  let t$r = params.first_query + min(first_row + $r, last_row);
  let doc_start$r = doc_bounds[row_start + t$r].x;
  var m$r = LOWEST;
  var l$r = 0.0;
//#end
  for (var d = 0u; d < H4; d++) {
//#for r in 0..ROWS
    q[d * ROWS + $r] = params.scale * qkv[query_at(row_start + t$r, n) + d];
//#end
  }

  let end = params.first_query + last_row + 1u;
  for (var j = doc_start0; j < end; j += 4u) {
    // Keys past the end are read as the last one, and hidden.
    let key = block_of_4(j);
    let k_at = key_at(row_start, kv) + min(key, vec4u(end - 1u)) * token_stride();
    let v_at = k_at + params.key_value_heads * H4;

//#for r in 0..ROWS
    var s$r = vec4f();
//#end
    for (var d = 0u; d < H4; d++) {
      let k = mat4x4f(qkv[k_at.x + d], qkv[k_at.y + d], qkv[k_at.z + d], qkv[k_at.w + d]);
//#for r in 0..ROWS
      s$r += q[d * ROWS + $r] * k;
//#end
    }

    // A new maximum shrinks what was summed under the old one, once per block.
//#for r in 0..ROWS
    s$r = select(vec4f(HIDDEN), s$r, (key >= vec4u(doc_start$r)) & (key <= vec4u(t$r)));
    let m_new$r = max(m$r, max(max(s$r.x, s$r.y), max(s$r.z, s$r.w)));
    let shrink$r = exp(m$r - m_new$r);
    let p$r = exp(s$r - m_new$r);
    m$r = m_new$r;
    l$r = l$r * shrink$r + dot(p$r, vec4f(1.0));
//#end

    for (var d = 0u; d < H4; d++) {
      let v = mat4x4f(qkv[v_at.x + d], qkv[v_at.y + d], qkv[v_at.z + d], qkv[v_at.w + d]);
//#for r in 0..ROWS
      acc[d * ROWS + $r] = acc[d * ROWS + $r] * shrink$r + v * p$r;
//#end
    }
  }

//#for r in 0..ROWS
  if (first_row + $r <= last_row) {
    let out$r = (b * params.query_count + first_row + $r) * params.query_heads + n;
    lse[out$r] = m$r + log(l$r);
    for (var d = 0u; d < H4; d++) {
      o[out$r * H4 + d] = acc[d * ROWS + $r] / l$r;
    }
  }
//#end
}
