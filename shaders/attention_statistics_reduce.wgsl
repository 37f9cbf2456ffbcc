// Sums the statistics of all chosen queries, head by head, in the order of the queries.
//
//   sums_nf = Σ_q statistics_qnf
//
// Work split: one thread per head and field.
// Bindings:   statistics (Q, N, F), sums (N, F).
// Params:     `queries` = Q, `columns` = N·F.
struct Params {
  queries: u32,
  columns: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> statistics: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;
//#include linear_index

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let column = linear_index(thread, groups);
  if (column >= params.columns) { return; }
  var sum = 0.0;
  for (var query = 0u; query < params.queries; query++) {
    sum += statistics[query * params.columns + column];
  }
  sums[column] = sum;
}
