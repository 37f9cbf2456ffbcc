// Query, key and value projections in one matmul, with rotary embedding applied in registers before anything is written.
//
//   y = x·Wᵀ;  for q and k heads, each pair (i, i + H/2):  [y_i cos − y_j sin,  y_j cos + y_i sin]
//
// Work split: a workgroup is 8 × 8 threads; a thread owns TILE_ROWS tokens × four rotary pairs, so both halves of a pair meet in registers.
// Bindings:   a (M, D) normalised input, b ((N+2K)·H, D) stacked weights, rotary_q and rotary_k (T, H/2, 2) = (cos, sin) with any scale
//             folded in, c (B·T, N+2K, H).
// Params:     rows `m` = B·count tokens; token m of the input is position first + m % count of row m / count, so the same kernel fills a
//             whole row in training (first 0, count T) and one place of a KV cache in decoding.
// Constants:  TILE_ROWS 1…8, SCALAR_K.
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
}
@group(0) @binding(0) var<uniform> params: Params;
//#include matmul_nt_operands
@group(0) @binding(3) var<storage, read> rotary_q: array<vec4f>;
@group(0) @binding(4) var<storage, read> rotary_k: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> c: array<vec4f>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let heads = params.query_heads + 2u * params.key_value_heads;
  let blocks = params.head_dim / 8u;
  let head = thread.x / blocks;
  let block = thread.x % blocks;
  let row0 = thread.y * TILE_ROWS;
  if (row0 >= params.m || head >= heads) { return; }
  let left = head * params.head_dim + block * 4u;
  let right = left + params.head_dim / 2u;
  let last_row = params.m - 1u;
  let last_column = heads * params.head_dim - 1u;
  let size_k = params.k;
//#include matmul_nt_tile
  let is_query = head < params.query_heads;
  let is_value = head >= params.query_heads + params.key_value_heads;
  let width4 = heads * params.head_dim / 4u;
//#for r in 0..TILE_ROWS
  if (row0 + $ru < params.m) {
    let position = params.first + (row0 + $ru) % params.count;
    let at = ((row0 + $ru) / params.count * params.length + position) * width4;
    if (is_value) {
      c[at + left / 4u] = left$r;
      c[at + right / 4u] = right$r;
    } else {
      // Four pairs are two vec4 of (cos, sin, cos, sin).
      let pairs = position * (params.head_dim / 4u) + block * 2u;
      var first = rotary_k[pairs];
      var second = rotary_k[pairs + 1u];
      if (is_query) {
        first = rotary_q[pairs];
        second = rotary_q[pairs + 1u];
      }
      let cosine = vec4f(first.xz, second.xz);
      let sine = vec4f(first.yw, second.yw);
      c[at + left / 4u] = left$r * cosine - right$r * sine;
      c[at + right / 4u] = right$r * cosine + left$r * sine;
    }
  }
//#end
}
