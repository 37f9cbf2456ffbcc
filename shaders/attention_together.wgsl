// Include: how the threads of a flash attention kernel agree on what to walk, and hand out what they all read.
//
// By default every thread walks its own range and loads every vector itself. With SHARE a subgroup walks the range of all its threads: each
// lane loads one vector of a block, and `subgroupBroadcast` hands them round. Loads fall by the size of the subgroup, which on software
// adapters, where every lane's load is a load of its own, is most of the time. A workgroup never spans two heads, so lanes read the same keys.

//#if SHARE
enable subgroups;
// The loops around the broadcasts run to bounds that `least` and `most` make the same for all lanes, which WGSL cannot see.
diagnostic(off, subgroup_uniformity);
//#end

// A bound beyond every position.
const NOWHERE = 0xffffffffu;

fn least(position: u32) -> u32 {
//#if SHARE
  return subgroupMin(position);
//#else
  return position;
//#end
}

fn most(position: u32) -> u32 {
//#if SHARE
  return subgroupMax(position);
//#else
  return position;
//#end
}

// The positions of a block's quad `c` of load `l`.
fn quad(first: u32, l: u32, c: u32) -> vec4u {
  return block_of_4(first + l * WIDTH + 4u * c);
}
