// Include: one index over a grid that folds into y past 65,535 workgroups (see `linearWorkgroups`).
fn linear_index(thread: vec3u, groups: vec3u) -> u32 {
  return thread.y * groups.x * 64u + thread.x;
}
