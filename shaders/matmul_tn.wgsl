// Weight gradient of a linear layer, accumulated: C += Aᵀ·B.
//
//   c[m][n] += Σ_k a[k][m] b[k][n]       k runs over tokens
//
// Work split: a workgroup is 8 × 8 threads; a thread owns TILE_ROWS rows × 8 columns of C in registers and walks all tokens in order,
//             so the sum has one fixed order.
// Bindings:   a (K, M), b (K, N), c (M, N) read and written; vec4 views.
// Constants:  TILE_ROWS 4 or 8.
// Constraints: M and N multiples of 4; any K.
struct Params {
  m: u32,
  n: u32,
  k: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4f>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  let row0 = thread.y * TILE_ROWS;
  let column4 = thread.x * 2u;
  let m4 = params.m / 4u;
  let n4 = params.n / 4u;
  if (row0 >= params.m || column4 >= n4) { return; }
  let next4 = min(column4 + 1u, n4 - 1u);
  let row4 = row0 / 4u;
//#if TILE_ROWS > 4
  let next_row4 = min(row4 + 1u, m4 - 1u);
//#end
//#for r in 0..TILE_ROWS
  var left$r = vec4f();
  var right$r = vec4f();
//#end
  for (var k = 0u; k < params.k; k++) {
    let l = b[k * n4 + column4];
    let r = b[k * n4 + next4];
    let upper = a[k * m4 + row4];
//#for r in 0..4
    left$r += upper[$r] * l;
    right$r += upper[$r] * r;
//#end
//#if TILE_ROWS > 4
    let lower = a[k * m4 + next_row4];
//#for r in 4..8
    left$r += lower[$ru - 4u] * l;
    right$r += lower[$ru - 4u] * r;
//#end
//#end
  }
//#for r in 0..TILE_ROWS
  if (row0 + $ru < params.m) {
    c[(row0 + $ru) * n4 + column4] += left$r;
    if (next4 > column4) { c[(row0 + $ru) * n4 + next4] += right$r; }
  }
//#end
}
