// Ends the backward pass: loss, gradient norm, clip factor and whether all of it is finite.
//
//   norm = √Σ squares,   clip = min(1, max_grad_norm / (norm + 1e-6))
//
// Work split: one thread adds the slots in order.
// Bindings:   loss_partials, square_partials (vec4 views), metrics (4) out: loss, norm, clip, finite (1 or 0).
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
  metrics[3] = select(0.0, 1.0, is_finite(total_loss) && is_finite(total_squares));
}
