// Weighted sum of token losses, accumulated over micro-batches into PARTIALS fixed slots.
//
//   partial_sums[p] += Σ_{m ≡ p mod PARTIALS} target_weight[m] nll[m]
//
// Work split: one thread per slot.
// Bindings:   token_loss (M, 2), target_weight (M), partial_sums (PARTIALS) read and written.
// Constants:  PARTIALS.
struct Params {
  rows: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> token_loss: array<vec2f>;
@group(0) @binding(2) var<storage, read> target_weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial_sums: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  if (thread.x >= PARTIALS) { return; }
  var sum = partial_sums[thread.x];
  for (var row = thread.x; row < params.rows; row += PARTIALS) {
    // A padded row has weight 0 and may have any loss; 0 · inf would poison the sum.
    if (target_weight[row] > 0.0) { sum += target_weight[row] * token_loss[row].x; }
  }
  partial_sums[thread.x] = sum;
}
