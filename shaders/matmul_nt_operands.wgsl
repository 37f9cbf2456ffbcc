// Include: the operands of an NT matmul, a (M, K) and b (N, K), in the width that matmul_nt_tile reads them.
//#if SCALAR_K
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
//#else
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
//#end
