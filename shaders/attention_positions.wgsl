// Include: indices of a block's vectors in a buffer, $3 + position · $4, for the positions of the block that begins at $2. Positions past
// the row are its last one again, and must be hidden by the kernel.
//
// Arguments: a name, the block's first position, the index of position 0, the step from one position to the next.
// Gives: `$1_own…` with SHARE, the index of this lane's position of each load; else `$1_at…`, the indices of each quad's four, with STAGED
// those of this thread's slice in the tile.
//#for l in 0..LOADS
//#if SHARE
let $1_own$l = $3 + min($2 + $lu * WIDTH + lane % WIDTH, params.length - 1u) * $4;
//#else
//#for c in 0..QUADS
//#if STAGED
let $1_at$l_$c = quad($2, $lu, $cu) % TILE * PITCH + slice;
//#else
let $1_at$l_$c = $3 + min(quad($2, $lu, $cu), vec4u(params.length - 1u)) * $4;
//#end
//#end
//#end
//#end
