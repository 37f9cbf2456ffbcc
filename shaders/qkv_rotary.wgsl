// Query, key and value projections in one matmul, with rotary embedding applied in registers before anything is written.
//
//   y = x·Wᵀ;  for q and k heads, each pair (i, i + H/2):  [y_i cos − y_j sin,  y_j cos + y_i sin]
//
// Work split: see matmul_threads; a thread owns TILE_ROWS tokens × four rotary pairs, so both halves of a pair meet in registers.
// Bindings:   a (M, D) normalised input, b ((N+2K)·H, D) stacked weights, rotary_q and rotary_k (T, H/2, 2) = (cos, sin) with any scale
//             folded in, c (B·T, N+2K, H); with CACHE c (B·T, 2K, H) takes keys and values and q (M, N, H) the queries.
// Params:     rows `m` = B·count tokens; token m of the input is position first + m % count of row m / count, so the same kernel fills a
//             whole row in training (first 0, count T) and one place of a KV cache in decoding. A piece of a call begins at input row `first_row`.
// Constants:  TILE_ROWS 1…8, SHARE, STAGED, TEAM, WIDTH, CACHE; a_t, b_t, c_t, q_t: f32 or f16; HALF: what is written is f16.
// Constraints: D a multiple of 4, H a multiple of 8 (padded).
// Reference:  RoFormer (arXiv 2104.09864) eq. 34, in split-half order.
struct Params {
  m: u32,
  k: u32,
  query_heads: u32,
  key_value_heads: u32,
  head_dim: u32,
  length: u32,
  first: u32,
  count: u32,
  first_row: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<a_t>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<b_t>>;
@group(0) @binding(3) var<storage, read> rotary_q: array<vec4f>;
@group(0) @binding(4) var<storage, read> rotary_k: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> c: array<vec4<c_t>>;
//#if CACHE
@group(0) @binding(6) var<storage, read_write> q: array<vec4<q_t>>;
//#end
//#include matmul_threads
//#include stored

// The first and the second components of four rotary pairs of a head.
fn columns_of(group: u32) -> vec2u {
  let blocks = params.head_dim / 8u;
  let left = group / blocks * params.head_dim + group % blocks * 4u;
  return vec2u(left, left + params.head_dim / 2u);
}

@compute @workgroup_size(THREADS_X, THREADS_Y)
fn main(
//#include matmul_inputs
) {
  let heads = params.query_heads + 2u * params.key_value_heads;
  let row0 = thread.y * TILE_ROWS;
  let columns = columns_of(group_of(thread));
  let left = columns[0];
  let right = columns[1];
  let head = left / params.head_dim;
  let block = left % params.head_dim / 4u;
  let is_idle = head >= heads;
  let last_row = params.m - 1u;
  let last_column = heads * params.head_dim - 1u;
  let size_k = params.k;
//#include matmul_nt_tile
  let is_query = head < params.query_heads;
  let is_value = head >= params.query_heads + params.key_value_heads;
//#for r in 0..TILE_ROWS
  if (row0 + $ru < params.m) {
    let token = params.first_row + row0 + $ru;
    let position = params.first + token % params.count;
    if (!is_value) {
      // Four pairs are two vec4 of (cos, sin, cos, sin).
      let pairs = position * (params.head_dim / 4u) + block * 2u;
      var low = rotary_k[pairs];
      var high = rotary_k[pairs + 1u];
      if (is_query) {
        low = rotary_q[pairs];
        high = rotary_q[pairs + 1u];
      }
      let cosine = vec4f(low.xz, high.xz);
      let sine = vec4f(low.yw, high.yw);
      let turned = left$r * cosine - right$r * sine;
      right$r = right$r * cosine + left$r * sine;
      left$r = turned;
    }
    let place = token / params.count * params.length + position;
    let half4 = params.head_dim / 8u;
//#if CACHE
    if (is_query) {
      let at = (token * params.query_heads * params.head_dim + left) / 4u;
      q[at] = vec4<q_t>(stored(left$r));
      q[at + half4] = vec4<q_t>(stored(right$r));
    } else {
      let at = ((place * 2u * params.key_value_heads - params.query_heads) * params.head_dim + left) / 4u;
      c[at] = vec4<c_t>(stored(left$r));
      c[at + half4] = vec4<c_t>(stored(right$r));
    }
//#else
    let at = (place * heads * params.head_dim + left) / 4u;
    c[at] = vec4<c_t>(stored(left$r));
    c[at + half4] = vec4<c_t>(stored(right$r));
//#end
  }
//#end
}
