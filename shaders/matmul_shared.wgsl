// Include: the vectors that four neighbouring lanes loaded, as the columns of a matrix. Arguments: its name, the vector, the first lane.
let $1 = mat4x4f(
  subgroupBroadcast($2, $3u),
  subgroupBroadcast($2, $3u + 1u),
  subgroupBroadcast($2, $3u + 2u),
  subgroupBroadcast($2, $3u + 3u));
