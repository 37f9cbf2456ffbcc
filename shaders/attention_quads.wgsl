// Include: vec4 `d` of a load's vectors, a mat4x4f `$1l_c` per quad whose columns are the vec4s of four positions.
//
// Arguments: the name that attention_positions was given, the buffer, the load. With STAGED the vectors are in tile `$1_tile`.
//#if SHARE
let $1_shared$3 = vec4f($2[$1_own$3 + d]);
//#for c in 0..QUADS
let $1$3_$c = mat4x4f(
  subgroupBroadcast($1_shared$3, 4u * $cu),
  subgroupBroadcast($1_shared$3, 4u * $cu + 1u),
  subgroupBroadcast($1_shared$3, 4u * $cu + 2u),
  subgroupBroadcast($1_shared$3, 4u * $cu + 3u));
//#end
//#else
//#for c in 0..QUADS
//#if STAGED
let $1_in$3_$c = $1_at$3_$c + d * LANES;
let $1$3_$c = mat4x4f($1_tile[$1_in$3_$c.x], $1_tile[$1_in$3_$c.y], $1_tile[$1_in$3_$c.z], $1_tile[$1_in$3_$c.w]);
//#else
let $1$3_$c = mat4x4f(
  vec4f($2[$1_at$3_$c.x + d]), vec4f($2[$1_at$3_$c.y + d]), vec4f($2[$1_at$3_$c.z + d]), vec4f($2[$1_at$3_$c.w + d]));
//#end
//#end
//#end
