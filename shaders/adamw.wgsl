// AdamW with decoupled weight decay on the clipped gradient; does nothing where the step was not finite.
//
//   g = clip · grad;  m = β₁ m + (1−β₁) g;  v = β₂ v + (1−β₂) g²
//   w = w (1 − lr wd) − lr (m / (1−β₁ᵗ)) / (√(v / (1−β₂ᵗ)) + ε)
//
// Work split: one thread per four weights of the flat parameter buffer.
// Bindings:   weights, moment1, moment2 (count4 vec4s) read and written, gradients, metrics as step_finish leaves them.
// Params:     matrices come first in the buffer and decay; from `decayed4` on (norm weights) nothing does. `correction1` = 1 − β₁ᵗ.
// Reference:  arXiv 1711.05101, algorithm 2.
struct Params {
  count4: u32,
  decayed4: u32,
  learning_rate: f32,
  beta1: f32,
  beta2: f32,
  eps: f32,
  weight_decay: f32,
  correction1: f32,
  correction2: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> moment1: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> moment2: array<vec4f>;
@group(0) @binding(5) var<storage, read> metrics: array<f32>;
//#include linear_index

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = linear_index(thread, groups);
  if (i >= params.count4 || metrics[3] == 0.0) { return; }
  let g = gradients[i] * metrics[2];
  let m = params.beta1 * moment1[i] + (1.0 - params.beta1) * g;
  let v = params.beta2 * moment2[i] + (1.0 - params.beta2) * g * g;
  moment1[i] = m;
  moment2[i] = v;
  let decay = select(0.0, params.weight_decay, i < params.decayed4);
  let update = (m / params.correction1) / (sqrt(v / params.correction2) + params.eps);
  weights[i] = weights[i] * (1.0 - params.learning_rate * decay) - params.learning_rate * update;
}
