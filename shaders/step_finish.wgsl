// Ends the backward pass: loss, gradient norm, clip factor, and whether all was finite so far.
//
//   norm = √Σ squares,   clip = min(1, max_grad_norm / (norm + 1e-6))
//
// Work split: one thread adds the slots in order.
// Bindings:   loss_partials, square_partials (vec4 views), metrics (4): loss, norm, clip, finite.
// `finite` is 1 until a loss or norm is not, then 0 for good: the host learns of it some steps late, and until it does no later step may
// touch the weights of the last good one. The host sets it to 1 when a run starts or resumes.
// WGSL may assume that no NaN exists, so the test reads exponent bits instead of comparing values.
struct Params {
  loss_count4: u32,
  square_count4: u32,
  max_grad_norm: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> loss_partials: array<vec4f>;
@group(0) @binding(2) var<storage, read> square_partials: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> metrics: array<f32>;

const EXPONENT = 0x7f800000u;

fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & EXPONENT) != EXPONENT;
}

@compute @workgroup_size(1)
fn main() {
  var loss = vec4f();
  for (var i = 0u; i < params.loss_count4; i++) { loss += loss_partials[i]; }
  var squares = vec4f();
  for (var i = 0u; i < params.square_count4; i++) { squares += square_partials[i]; }
  let total_loss = dot(loss, vec4f(1.0));
  let total_squares = dot(squares, vec4f(1.0));
  let norm = sqrt(total_squares);
  metrics[0] = total_loss;
  metrics[1] = norm;
  metrics[2] = min(1.0, params.max_grad_norm / (norm + 1e-6));
  if (!is_finite(total_loss) || !is_finite(total_squares)) { metrics[3] = 0.0; }
}
