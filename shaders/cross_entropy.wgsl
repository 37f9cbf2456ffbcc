// Cross-entropy of each token of a chunk; with BACKWARD the logits become their own gradient in place.
//
//   nll = log Σ_v e^{z_v} − z_target          dz_v = weight (softmax(z)_v − [v = target])
//
// Work split: one thread per token; one pass keeps a running maximum and sum per lane (online softmax), one pass writes the gradient.
// Bindings:   logits (rows, stride) read and written, targets (rows), target_weight (rows) already divided by the step's total weight,
//             token_loss (rows, 2) out: nll in nats, and the id with the largest logit (the target where it is among them).
// Params:     columns from `vocabulary` to `stride` are padding: left out of the sum, gradient zero.
// Constants:  BACKWARD.
struct Params {
  rows: u32,
  vocabulary: u32,
  stride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<vec4f>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> token_loss: array<vec2f>;
//#if BACKWARD
@group(0) @binding(4) var<storage, read> target_weight: array<f32>;
//#end
//#include linear_index

const LANES = vec4u(0u, 1u, 2u, 3u);
const LOWEST = -1e30;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = linear_index(thread, groups);
  if (row >= params.rows) { return; }
  let n4 = params.stride / 4u;
  let at = row * n4;
  var highest = vec4f(LOWEST);
  var highest_at = LANES;
  var total = vec4f();
  for (var i = 0u; i < n4; i++) {
    let z = select(vec4f(LOWEST), logits[at + i], 4u * i + LANES < vec4u(params.vocabulary));
    let next = max(highest, z);
    total = total * exp(highest - next) + exp(z - next);
    highest_at = select(highest_at, 4u * i + LANES, z > highest);
    highest = next;
  }
  let maximum = max(max(highest.x, highest.y), max(highest.z, highest.w));
  let log_sum = maximum + log(dot(total, exp(highest - maximum)));
  let goal = min(targets[row], params.vocabulary - 1u);
  let target_logit = logits[at + goal / 4u][goal % 4u];
  let candidates = select(vec4u(params.vocabulary), highest_at, highest == vec4f(maximum));
  let first = min(min(candidates.x, candidates.y), min(candidates.z, candidates.w));
  token_loss[row] = vec2f(log_sum - target_logit, f32(select(first, goal, target_logit >= maximum)));
//#if BACKWARD
  let weight = target_weight[row];
  for (var i = 0u; i < n4; i++) {
    let column = 4u * i + LANES;
    let hot = select(vec4f(), vec4f(1.0), column == vec4u(goal));
    let gradient = weight * (exp(logits[at + i] - log_sum) - hot);
    logits[at + i] = select(vec4f(), gradient, column < vec4u(params.vocabulary));
  }
//#end
}
