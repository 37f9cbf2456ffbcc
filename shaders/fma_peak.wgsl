// Multiply-adds as fast as the adapter takes them: the ceiling that kernels are measured against. Nothing is trained with it.
//
//   x_c ← x_c · multiplier + addend, `iterations` times;   y = Σ_c x_c
//
// Work split: a thread runs CHAINS independent chains of vec4, so that no multiply-add waits for the one before it.
// Bindings:   y (threads, 4).
// Constants:  CHAINS.
struct Params {
  threads: u32,
  iterations: u32,
  multiplier: f32,
  addend: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
//#include linear_index

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) thread: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = linear_index(thread, groups);
  if (index >= params.threads) { return; }
  let multiplier = vec4f(params.multiplier);
  let addend = vec4f(params.addend);
//#for c in 0..CHAINS
  var x$c = vec4f(f32(index), 1.0, 2.0, $c.0);
//#end
  for (var i = 0u; i < params.iterations; i++) {
//#for c in 0..CHAINS
    x$c = x$c * multiplier + addend;
//#end
  }
  var sum = vec4f();
//#for c in 0..CHAINS
  sum += x$c;
//#end
  y[index] = sum;
}
