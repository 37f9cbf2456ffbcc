// Include: how the threads of a matmul share work and loads.
//
// A thread owns TILE_ROWS rows × eight columns of C in registers, four from `left` and four from `right`. By default a workgroup is 8 × 8 such
// threads and each loads for itself. With SHARE it is 1 × 64: the lanes of a subgroup own different rows of the same columns, each loads one
// vector of the operand that they have in common, and `subgroupBroadcast` hands them round. That is most of the time on software adapters,
// where every lane's load is a load of its own.
//
// Constants: SHARE, WIDTH: lanes that load for a subgroup, 4 or 8 (eight vectors take 8 / WIDTH loads), THREADS_X, THREADS_Y.
//#if SHARE
enable subgroups;
// Lanes of a subgroup leave together and walk the same steps, which WGSL cannot see.
diagnostic(off, subgroup_uniformity);
//#end

// Whether no thread that this one loads for has rows below `m`.
fn is_past(row0: u32, m: u32) -> bool {
//#if SHARE
  return subgroupMin(row0) >= m;
//#else
  return row0 >= m;
//#end
}
