// Include: `team` is this thread's number among those that own rows of their own, `slice` its part of a head's vectors: see
// attention_together. WGSL does not say which threads make a quad, so quads are numbered by counting their first threads.
//
// Argument: a tile, not yet in use.
//#if LANES > 1
let slice = lane % LANES;
$1[thread].x = select(0.0, 1.0, slice == 0u);
workgroupBarrier();
var quads_before = 0.0;
for (var other = 0u; other < thread; other++) { quads_before += $1[other].x; }
let team = quadBroadcast(u32(quads_before), 0u);
//#else
let slice = 0u;
let team = thread;
//#end
