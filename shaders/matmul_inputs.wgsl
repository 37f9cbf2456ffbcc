// Include: what the entry point of a matmul is told of its thread.
@builtin(global_invocation_id) thread: vec3u,
//#if SHARE
@builtin(subgroup_invocation_id) lane: u32,
//#end
//#if STAGED || TEAM
@builtin(local_invocation_index) local: u32,
//#end
