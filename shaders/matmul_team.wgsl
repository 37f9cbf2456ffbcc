// Include: the sums of a team, joined in the first thread, which alone goes on.
//
// Needs: left0, right0, `local`, `is_idle`.
team_sums[local] = left0;
team_sums[THREADS_X + local] = right0;
for (var others = THREADS_X / 2u; others > 0u; others /= 2u) {
  workgroupBarrier();
  if (local < others) {
    team_sums[local] += team_sums[local + others];
    team_sums[THREADS_X + local] += team_sums[THREADS_X + local + others];
  }
}
if (is_idle || local > 0u) { return; }
left0 = team_sums[0];
right0 = team_sums[THREADS_X];
