// Sum of squares of every gradient, first half: PARTIALS slots in a fixed order.
//
//   partial_sums[p] = Σ_{i ≡ p mod PARTIALS} g[i]²        i over vec4s, each component on its own
//
// Work split: one thread per slot; `step_finish` adds the slots.
// Bindings:   gradients (count4 vec4s), partial_sums (PARTIALS, 4).
// Params:     `resume` takes up the sums of an earlier part of the buffer; parts begin at multiples of PARTIALS vec4s.
// Constants:  PARTIALS.
struct Params {
  count4: u32,
  resume: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial_sums: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u) {
  if (thread.x >= PARTIALS) { return; }
  var sum = select(vec4f(), partial_sums[thread.x], params.resume == 1u);
  for (var i = thread.x; i < params.count4; i += PARTIALS) {
    sum += gradients[i] * gradients[i];
  }
  partial_sums[thread.x] = sum;
}
