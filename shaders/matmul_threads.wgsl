// Include: how the threads of a matmul share work and loads.
//
// A thread owns TILE_ROWS rows × eight columns of C in registers, four from `left` and four from `right`. By default a workgroup is 8 × 8 such
// threads and each loads for itself.
//
// SHARE: a workgroup is 1 × 64; the lanes of a subgroup own different rows of the same columns, each loads one vector of the operand that they
// have in common, and `subgroupBroadcast` hands them round. On software adapters, where every lane's load is a load of its own, loads are most
// of the time.
// STAGED: the workgroup brings a tile of its rows and one of its columns, STEPS vectors along k, into workgroup memory, and multiplies from
// there. A GPU then reads a value once a workgroup instead of once a thread.
// TEAM: the 64 threads of a workgroup own the same row and columns and each sums every 64th vector along k. A product of one row waits for B
// and nothing else, so neighbours read neighbours.
//
// Constants: SHARE, STAGED, TEAM: at most one; WIDTH with SHARE: lanes that load, 4 or 8 (eight vectors take 8 / WIDTH loads); THREADS_X, THREADS_Y.
//#if SHARE
enable subgroups;
// Lanes of a subgroup leave together and walk the same steps, which WGSL cannot see.
diagnostic(off, subgroup_uniformity);
//#end

// The eight columns that a thread is among the owners of.
fn group_of(thread: vec3u) -> u32 {
//#if TEAM
  return thread.x / THREADS_X;
//#else
  return thread.x;
//#end
}

// Whether no thread that this one loads for has rows below `m`.
fn is_past(row0: u32, m: u32) -> bool {
//#if SHARE
  return subgroupMin(row0) >= m;
//#else
  return row0 >= m;
//#end
}
//#if STAGED

// Vectors along k of a tile.
const STEPS = 4u;
const THREADS = THREADS_X * THREADS_Y;
// Two vectors more than there are, so that lanes that store neighbouring k of a row reach different banks.
const ROW_STRIDE = TILE_ROWS * THREADS_Y + 2u;
const COLUMN_STRIDE = 8u * THREADS_X + 2u;
var<workgroup> tile_a: array<vec4f, STEPS * ROW_STRIDE>;
var<workgroup> tile_b: array<vec4f, STEPS * COLUMN_STRIDE>;
//#end
//#if TEAM

// What every thread has summed, left columns first.
var<workgroup> team_sums: array<vec4f, 2u * THREADS_X>;
//#end
