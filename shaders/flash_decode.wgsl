// Attention of one new token over a long KV cache, first half: every chunk of keys on its own ("split-KV" flash decoding).
//
//   s_j = scale · q·k_j     m = max_j s_j     l = Σ_j exp(s_j − m)     acc = Σ_j exp(s_j − m) v_j        j in the chunk, j ≤ position
//
// Work split: a workgroup of 64 owns a chunk of 256 keys of one key/value head and HEADS of the query heads that share it, so that keys and
//             values are read once for all of them. First each thread scores four keys, then each adds up four channels of the values, four
//             keys at a time, with the chunk's weights in workgroup memory. `flash_decode_combine` joins the chunks.
// Bindings:   q (N, H) with rotary applied, kv (T, 2K, H), state (chunks, N, 2) out = (m, l), acc (chunks, N, H) out.
// Params:     `first_query` is the token's position; chunks beyond it are left alone.
// Constants:  HEAD_DIM (H), HEADS, q_t, kv_t: f32 or f16.
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
const CHUNK = 4u * THREADS;
const H4 = HEAD_DIM / 4u;
// Threads that share four channels of the values.
const LANES = THREADS / H4;

var<workgroup> query: array<vec4f, HEADS * H4>;
// Of four keys each.
var<workgroup> weight: array<vec4f, HEADS * THREADS>;
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

  let key = 4u * thread;
//#for i in 0..4
  let at$i = (first + min(key + $iu, count - 1u)) * stride + kv_head * H4;
//#end
//#for h in 0..HEADS
  var s$h = vec4f();
//#end
  for (var d = 0u; d < H4; d++) {
//#for i in 0..4
    let k$i = vec4f(kv[at$i + d]);
//#end
//#for h in 0..HEADS
    let q$h = query[$hu * H4 + d];
    s$h += vec4f(dot(q$h, k0), dot(q$h, k1), dot(q$h, k2), dot(q$h, k3));
//#end
  }
  let is_there = key + vec4u(0u, 1u, 2u, 3u) < vec4u(count);
//#for h in 0..HEADS
  s$h = select(vec4f(-1e30), s$h, is_there);
  partial_max[$hu * THREADS + thread] = max(max(s$h.x, s$h.y), max(s$h.z, s$h.w));
//#end
  workgroupBarrier();

  if (thread < HEADS) {
    var m = partial_max[thread * THREADS];
    for (var i = 1u; i < THREADS; i++) { m = max(m, partial_max[thread * THREADS + i]); }
    maximum[thread] = m;
  }
  workgroupBarrier();

//#for h in 0..HEADS
  weight[$hu * THREADS + thread] = exp(s$h - maximum[$h]);
//#end
  workgroupBarrier();

  let channel = thread % H4;
  let lane = thread / H4;
//#for h in 0..HEADS
  var sum$h = vec4f();
//#end
  if (lane < LANES) {
    for (var four = lane; 4u * four < count; four += LANES) {
//#for i in 0..4
      let v$i = vec4f(kv[(first + min(4u * four + $iu, count - 1u)) * stride + (params.key_value_heads + kv_head) * H4 + channel]);
//#end
//#for h in 0..HEADS
      let w$h = weight[$hu * THREADS + four];
      sum$h += w$h.x * v0 + w$h.y * v1 + w$h.z * v2 + w$h.w * v3;
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
    var l = vec4f();
    for (var four = 0u; 4u * four < count; four++) { l += weight[thread * THREADS + four]; }
    state[out + thread] = vec2f(maximum[thread], dot(l, vec4f(1.0)));
  }
}
