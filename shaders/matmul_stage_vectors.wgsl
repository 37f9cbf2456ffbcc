// Include: the vectors across a workgroup's rows or columns, for 4 STEPS values of k, into a tile: k runs over rows of the operand.
//
// Arguments: tile, operand, its vectors per k, this thread's first of them, how many a thread has, threads along that side, this thread's place.
// Vector v of thread t lies at slot v THREADS + t, so that neighbouring threads read neighbouring slots. Values of k past the end are zero.
// Needs: `size_k`, `k` (first), `local`.
for (var i = local; i < 4u * STEPS * $5 * $6; i += THREADS) {
  let step = i / ($5 * $6);
  let place = i % ($5 * $6);
  let value = vec4f($2[min(k + step, size_k - 1u) * $3 + min($4 - $7 * $5 + place, $3 - 1u)]);
  $1[(step * $5 + place % $5) * $6 + place / $5] = select(vec4f(), value, k + step < size_k);
}
