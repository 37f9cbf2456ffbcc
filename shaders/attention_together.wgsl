// Include: how the threads of a flash attention kernel agree on what to walk, and hand out what they all read.
//
// By default every thread walks its own range and loads every vector itself.
// With SHARE a subgroup walks the range of all its threads: each lane loads one vector of a block, and `subgroupBroadcast` hands them round.
//   Loads fall by the size of the subgroup, which on software adapters, where every lane's load is a load of its own, is most of the time.
//   A workgroup never spans two heads, so lanes read the same keys.
// With STAGED a workgroup walks the range of all its threads, and puts TILE positions at a time into workgroup memory: what GPUs read fast.
// With LANES = 4 the threads of a quad share their rows: each holds a quarter of a head's vectors, and scores are summed over the quad. A
//   quarter of the registers per row leaves room for more rows, and so for more use of what is read.

//#if SHARE
enable subgroups;
// The loops around the broadcasts run to bounds that `least` and `most` make the same for all lanes, which WGSL cannot see.
diagnostic(off, subgroup_uniformity);
//#end
//#if LANES > 1
enable subgroups;
//#end

// A bound beyond every position.
const NOWHERE = 0xffffffffu;

// How many of a workgroup's threads, or quads of them, own rows.
const TEAMS = THREADS / LANES;

// vec4s of a head's vector that a thread holds: as many of the first half as of the second, for a rotary pair has one in each. What does not
// divide by LANES is filled up with zeros.
const VECTORS = 2u * ((H4 / 2u + LANES - 1u) / LANES);

// Where vec4 `d` of slice `slice` lies in a head's vector.
fn channel(d: u32, slice: u32) -> u32 {
//#if LANES == 1
  return d;
//#else
  return d % (VECTORS / 2u) * LANES + slice + select(0u, H4 / 2u, d >= VECTORS / 2u);
//#end
}

// Whether there is such a vec4, and it is not filling.
fn is_held(d: u32, slice: u32) -> bool {
//#if LANES == 1
  return true;
//#else
  return d % (VECTORS / 2u) * LANES + slice < H4 / 2u;
//#end
}

// Sums what the threads of a quad have, with the same bits in each.
fn team_sum(value: vec4f) -> vec4f {
//#if LANES > 1
  let pair = value + quadSwapX(value);
  return pair + quadSwapY(pair);
//#else
  return value;
//#end
}

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
//#if STAGED

// vec4s of a position in a tile.
const PITCH = VECTORS * LANES;
//#end
