// Include: where head vectors lie in qkv (B·T, N+2K, H), counted in vec4s. The including kernel has `query_heads` (N) and
// `key_value_heads` (K) in its Params; the loader gives HEAD_DIM (H).

// vec4s in one head's vector.
const H4 = HEAD_DIM / 4u;

// From a head's vector in one token to the same head's in the next.
fn token_stride() -> u32 {
  return (params.query_heads + 2u * params.key_value_heads) * H4;
}

fn query_at(token: u32, n: u32) -> u32 {
  return token * token_stride() + n * H4;
}

fn key_at(token: u32, kv: u32) -> u32 {
  return query_at(token, params.query_heads + kv);
}

fn value_at(token: u32, kv: u32) -> u32 {
  return key_at(token, params.key_value_heads + kv);
}

// Query heads that share a key/value head: query head n reads key/value head n / group_size().
fn group_size() -> u32 {
  return params.query_heads / params.key_value_heads;
}

// The positions of a block.
fn block_of_4(first: u32) -> vec4u {
  return vec4u(first, first + 1u, first + 2u, first + 3u);
}

// Score that the mask gives a hidden key. Finite, because WGSL may assume there are no infinities.
const HIDDEN = -1e30;
