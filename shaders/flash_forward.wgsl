// Causal flash attention, forward: softmax attention of every query without ever storing a score.
//
//   s_tj = scale · q_t·k_j,  doc_start(t) ≤ j ≤ t      lse_t = log Σ_j exp(s_tj)      o_t = Σ_j exp(s_tj − lse_t) v_j
//
// Work split: a thread (or a quad of them) owns ROWS consecutive queries of one head and walks their keys in blocks; a workgroup is all of
//             one head. Per row a thread keeps the running maximum m, the running sum l and the unnormalised output acc (online softmax);
//             scores of four keys are one vec4 per row. Keys of earlier documents and past the diagonal are not read.
// Bindings:   q (B·Q, N, H) and kv with rotary applied: both the stacked (B·T, N+2K, H) of training, or kv (B·T, 2K, H) of a cache;
//             doc_bounds (B·T, 2) = first position of a token's document within its row and one past its last; o (B·Q, N, H);
//             softmax (B·Q, N, 2) = (log-sum-exp, –).
// Params:     `first_query` and `query_count` (Q) give the positions of the queries in every row: 0 and T in training, the number of
//             cached tokens and those of a prompt in generation. Strides and offset are in vec4s.
//             A piece of a call takes workgroups [first_group, end_group) and keys [key_begin, key_end), multiples of a block. Blocks lie
//             at multiples of their size from position 0, whatever is cut or masked; what a row has so far is kept in o, unnormalised, and
//             in softmax as (m, l), and taken up again, so that pieces leave the bits of the whole.
// Constants:  HEAD_DIM (H), ROWS, THREADS of a workgroup; LOADS · QUADS · 4 keys in a block, SHARE, WIDTH, STAGED, TILE, LANES: see
//             attention_together; q_t, kv_t, o_t: f32 or f16; HALF: o_t is f16 (then keys cannot be cut).
// Constraints: H a multiple of 8 (padded), at most 128; N a multiple of K.
// Reference:  FlashAttention-2 (arXiv 2307.08691) algorithm 1; online softmax, arXiv 1805.02867.
struct Params {
  length: u32,
  query_heads: u32,
  key_value_heads: u32,
  first_query: u32,
  query_count: u32,
  q_stride: u32,
  kv_stride: u32,
  key_offset: u32,
  first_group: u32,
  end_group: u32,
  key_begin: u32,
  key_end: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<q_t>>;
@group(0) @binding(2) var<storage, read> kv: array<vec4<kv_t>>;
@group(0) @binding(3) var<storage, read> doc_bounds: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> o: array<vec4<o_t>>;
@group(0) @binding(5) var<storage, read_write> softmax: array<vec2f>;
//#include attention_layout
//#include attention_together
//#include stored

// Where the running maximum starts: above HIDDEN, so that exp(HIDDEN − m) is 0 even before the first visible key.
const LOWEST = -1e29;
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
  let tiles = (params.query_count + TEAMS * ROWS - 1u) / (TEAMS * ROWS);
  let n = group / tiles % params.query_heads;
  let b = group / tiles / params.query_heads;
//#include attention_team(k_tile)
  let first_row = (group % tiles * TEAMS + team) * ROWS;
  let last_row = min(first_row + ROWS, params.query_count) - 1u;
  let row_start = b * params.length;
  let k_start = row_start * params.kv_stride + params.key_offset + n / group_size() * H4;
  let v_start = k_start + params.key_value_heads * H4;

  // A row past the last query is the last one again, and not written.
  // q carries the scale of the scores from the start.
  var q_rows: array<vec4f, ROWS * VECTORS>;
  var acc: array<vec4f, ROWS * VECTORS>;
//#for r in 0..ROWS
  let row$r = min(first_row + $r, last_row);
  let t$r = params.first_query + row$r;
  let out$r = (b * params.query_count + row$r) * params.query_heads + n;
  let doc_start$r = doc_bounds[row_start + t$r].x;
  var m$r = LOWEST;
  var l$r = 0.0;
//#end
  for (var d = 0u; d < VECTORS; d++) {
    if (is_held(d, slice)) {
//#for r in 0..ROWS
      q_rows[d * ROWS + $r] = params.scale * vec4f(q[(b * params.query_count + row$r) * params.q_stride + n * H4 + channel(d, slice)]);
//#end
    }
  }

//#include attention_walk(params.first_query, params.query_count)
  // What the row has so far.
  if (walks && doc_start0 < params.key_begin) {
//#for r in 0..ROWS
    m$r = softmax[out$r].x;
    l$r = softmax[out$r].y;
//#end
    for (var d = 0u; d < VECTORS; d++) {
      if (is_held(d, slice)) {
//#for r in 0..ROWS
        acc[d * ROWS + $r] = vec4f(o[out$r * H4 + channel(d, slice)]);
//#end
      }
    }
  }
//#if LANES > 1
  // What a quad takes up, one of its threads will overwrite.
  storageBarrier();
//#end

  for (var j = walk_from; j < walk_to; j += BLOCK) {
//#if STAGED
    if (j % TILE == 0u) {
      workgroupBarrier();
//#include attention_stage(k_tile, kv, j, k_start, params.kv_stride)
//#include attention_stage(v_tile, kv, j, v_start, params.kv_stride)
      workgroupBarrier();
    }
//#end
//#include attention_positions(k, j, k_start, params.kv_stride)
//#include attention_positions(v, j, v_start, params.kv_stride)
//#for l in 0..LOADS
//#for c in 0..QUADS
//#for r in 0..ROWS
    var s$r_$l_$c = vec4f();
//#end
//#end
//#end
    for (var d = 0u; d < VECTORS; d++) {
//#for l in 0..LOADS
//#include attention_quads(k, kv, $l)
//#for c in 0..QUADS
//#for r in 0..ROWS
      s$r_$l_$c += q_rows[d * ROWS + $r] * k$l_$c;
//#end
//#end
//#end
    }
//#for l in 0..LOADS
//#for c in 0..QUADS
//#for r in 0..ROWS
    s$r_$l_$c = team_sum(s$r_$l_$c);
//#end
//#end
//#end

    if (j < open_from || j + BLOCK > open_to) {
//#for l in 0..LOADS
//#for c in 0..QUADS
      let key$l_$c = quad(j, $lu, $cu);
//#for r in 0..ROWS
      s$r_$l_$c = select(vec4f(HIDDEN), s$r_$l_$c, (key$l_$c >= vec4u(doc_start$r)) & (key$l_$c <= vec4u(t$r)));
//#end
//#end
//#end
    }

    // A new maximum shrinks what was summed under the old one, once per block.
//#for r in 0..ROWS
    var highest$r = vec4f(m$r);
//#for l in 0..LOADS
//#for c in 0..QUADS
    highest$r = max(highest$r, s$r_$l_$c);
//#end
//#end
    let m_new$r = max(max(highest$r.x, highest$r.y), max(highest$r.z, highest$r.w));
    let shrink$r = exp(m$r - m_new$r);
    m$r = m_new$r;
    var sum$r = vec4f();
//#for l in 0..LOADS
//#for c in 0..QUADS
    let p$r_$l_$c = exp(s$r_$l_$c - m_new$r);
    sum$r += p$r_$l_$c;
//#end
//#end
    l$r = l$r * shrink$r + dot(sum$r, vec4f(1.0));
//#end

    for (var d = 0u; d < VECTORS; d++) {
//#for r in 0..ROWS
      var acc$r = acc[d * ROWS + $r] * shrink$r;
//#end
//#for l in 0..LOADS
//#include attention_quads(v, kv, $l)
//#for c in 0..QUADS
//#for r in 0..ROWS
      acc$r += v$l_$c * p$r_$l_$c;
//#end
//#end
//#end
//#for r in 0..ROWS
      acc[d * ROWS + $r] = acc$r;
//#end
    }
  }

  if (!walks) { return; }
  let done = end <= params.key_end;
//#for r in 0..ROWS
  if (first_row + $r <= last_row) {
    if (slice == 0u) { softmax[out$r] = select(vec2f(m$r, l$r), vec2f(m$r + log(l$r), 0.0), done); }
    let share$r = select(1.0, 1.0 / l$r, done);
    for (var d = 0u; d < VECTORS; d++) {
      if (is_held(d, slice)) { o[out$r * H4 + channel(d, slice)] = vec4<o_t>(stored(acc[d * ROWS + $r] * share$r)); }
    }
  }
//#end
}
