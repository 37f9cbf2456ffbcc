// Include: STEPS vectors along k of every row of the workgroup, into `tile_a`. Four neighbouring threads read four neighbouring vectors.
//
// A thread's row r lies at slot r THREADS_Y + y, so that the threads of a subgroup read neighbouring slots. Steps past the end are zero.
// Needs: binding a (rows contiguous along k), `row0`, `last_row`, `steps`, `k` (first step), `local`.
for (var i = local; i < STEPS * TILE_ROWS * THREADS_Y; i += THREADS) {
  let step = i % STEPS;
  let slot = i / STEPS;
  let row = row0 - local / THREADS_X * TILE_ROWS + slot % THREADS_Y * TILE_ROWS + slot / THREADS_Y;
  let value = vec4f(a[min(row, last_row) * steps + min(k + step, steps - 1u)]);
  tile_a[step * ROW_STRIDE + slot] = select(vec4f(), value, k + step < steps);
}
