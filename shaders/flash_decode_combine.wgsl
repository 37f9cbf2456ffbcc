// Attention of one new token, second half: the chunks of `flash_decode` become one softmax.
//
//   M = max_c m_c     o = Σ_c exp(m_c − M) acc_c / Σ_c exp(m_c − M) l_c        c over chunks that begin at or before the position
//
// Work split: one thread per four channels of a query head.
// Bindings:   state (chunks, N, 2) = (m, l), acc (chunks, N, H), o (N, H) out.
// Params:     `first_query` is the token's position, `chunk` the keys of a chunk.
// Constants:  HEAD_DIM (H); o_t: f32 or f16; HALF: o_t is f16.
struct Params {
  first_query: u32,
  query_heads: u32,
  chunk: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> state: array<vec2f>;
@group(0) @binding(2) var<storage, read> acc: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> o: array<vec4<o_t>>;
//#include stored

const H4 = HEAD_DIM / 4u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let head = thread.x / H4;
  if (head >= params.query_heads) { return; }
  let chunks = params.first_query / params.chunk + 1u;
  var m = state[head].x;
  for (var c = 1u; c < chunks; c++) { m = max(m, state[c * params.query_heads + head].x); }
  var l = 0.0;
  var sum = vec4f();
  for (var c = 0u; c < chunks; c++) {
    let at = c * params.query_heads + head;
    let scale = exp(state[at].x - m);
    l += scale * state[at].y;
    sum += scale * acc[at * H4 + thread.x % H4];
  }
  o[thread.x] = vec4<o_t>(stored(sum / l));
}
