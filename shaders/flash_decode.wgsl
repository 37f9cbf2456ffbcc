// Attention of one new token over a long KV cache, first half: every chunk of keys on its own ("split-KV" flash decoding).
//
//   s_j = scale · q·k_j     m = max_j s_j     l = Σ_j exp(s_j − m)     acc = Σ_j exp(s_j − m) v_j        j in the chunk, j ≤ position
//
// Work split: a workgroup of 64 owns a chunk of CHUNK = 64 · KEYS keys of one key/value head and HEADS of the query heads that share it, so
//             that keys and values are read once for all of them. First each thread scores KEYS keys, then each adds up four channels of
//             the values over every LANES-th key, with the chunk's weights in workgroup memory. `flash_decode_combine` joins the chunks.
// Bindings:   q (N, H) with rotary applied, kv (T, 2K, H), state (chunks, N, 2) out = (m, l), acc (chunks, N, H) out.
// Params:     `first_query` is the token's position; chunks beyond it are left alone.
// Constants:  HEAD_DIM (H), HEADS, KEYS, q_t, kv_t: f32 or f16.
// Constraints: H a multiple of 8 (padded), at most 128; HEADS divides the group.
// Reference:  Flash-Decoding (Dao et al. 2023).
struct Params {
  first_query: u32,
  query_heads: u32,
  key_value_heads: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<q_t>>;
@group(0) @binding(2) var<storage, read> kv: array<vec4<kv_t>>;
@group(0) @binding(3) var<storage, read_write> state: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> acc: array<vec4f>;

const THREADS = 64u;
const CHUNK = THREADS * KEYS;
const H4 = HEAD_DIM / 4u;
// Threads that share four channels of the values.
const LANES = THREADS / H4;

var<workgroup> query: array<vec4f, HEADS * H4>;
// Scores, then weights.
var<workgroup> weight: array<f32, HEADS * CHUNK>;
// A value per thread and head on its way to one per head.
var<workgroup> partial_max: array<f32, HEADS * THREADS>;
var<workgroup> partial_acc: array<vec4f, HEADS * THREADS>;
var<workgroup> maximum: array<f32, HEADS>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3u) {
  let chunk = group.x;
  let first = chunk * CHUNK;
  let end = params.first_query + 1u;
  if (first >= end) { return; }
  let head_groups = params.query_heads / params.key_value_heads / HEADS;
  let kv_head = group.y / head_groups;
  let first_head = group.y * HEADS;
  let stride = 2u * params.key_value_heads * H4;
  let count = min(end - first, CHUNK);

  for (var i = thread; i < HEADS * H4; i += THREADS) { query[i] = params.scale * vec4f(q[first_head * H4 + i]); }
  workgroupBarrier();

//#for h in 0..HEADS
  var highest$h = -1e30;
//#end
  for (var j = thread; j < count; j += THREADS) {
    let at = (first + j) * stride + kv_head * H4;
//#for h in 0..HEADS
    var products$h = vec4f();
//#end
    for (var d = 0u; d < H4; d++) {
      let k = vec4f(kv[at + d]);
//#for h in 0..HEADS
      products$h += query[$hu * H4 + d] * k;
//#end
    }
//#for h in 0..HEADS
    let s$h = dot(products$h, vec4f(1.0));
    weight[$hu * CHUNK + j] = s$h;
    highest$h = max(highest$h, s$h);
//#end
  }
//#for h in 0..HEADS
  partial_max[$hu * THREADS + thread] = highest$h;
//#end
  workgroupBarrier();

  if (thread < HEADS) {
    var m = partial_max[thread * THREADS];
    for (var i = 1u; i < THREADS; i++) { m = max(m, partial_max[thread * THREADS + i]); }
    maximum[thread] = m;
  }
  workgroupBarrier();

  for (var j = thread; j < count; j += THREADS) {
//#for h in 0..HEADS
    weight[$hu * CHUNK + j] = exp(weight[$hu * CHUNK + j] - maximum[$h]);
//#end
  }
  workgroupBarrier();

  let channel = thread % H4;
  let lane = thread / H4;
//#for h in 0..HEADS
  var sum$h = vec4f();
//#end
  if (lane < LANES) {
    for (var j = lane; j < count; j += LANES) {
      let v = vec4f(kv[(first + j) * stride + (params.key_value_heads + kv_head) * H4 + channel]);
//#for h in 0..HEADS
      sum$h += weight[$hu * CHUNK + j] * v;
//#end
    }
  }
//#for h in 0..HEADS
  partial_acc[$hu * THREADS + thread] = sum$h;
//#end
  workgroupBarrier();

  let out = chunk * params.query_heads + first_head;
  for (var i = thread; i < HEADS * H4; i += THREADS) {
    let h = i / H4;
    var total = vec4f();
    for (var other = 0u; other < LANES; other++) { total += partial_acc[h * THREADS + other * H4 + i % H4]; }
    acc[(out + h) * H4 + i % H4] = total;
  }
  if (thread < HEADS) {
    var l = 0.0;
    for (var j = 0u; j < count; j++) { l += weight[thread * CHUNK + j]; }
    state[out + thread] = vec2f(maximum[thread], l);
  }
}
