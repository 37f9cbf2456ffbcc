// Include: the workgroup's threads fill tile $1 with the vectors of TILE positions from $3 on, in the order in which slices read them.
//
// Arguments: the tile, the buffer, the first position, the index of position 0, the step from one position to the next.
for (var at = thread; at < TILE * PITCH; at += THREADS) {
  let d = at % PITCH / LANES;
  let vector = vec4f($2[$4 + min($3 + at / PITCH, params.length - 1u) * $5 + channel(d, at % LANES)]);
  $1[at] = select(vec4f(), vector, is_held(d, at % LANES));
}
