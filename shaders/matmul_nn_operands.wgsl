// Include: the operands of an NN matmul, a (M, K) and b (K, N), in the width that matmul_nn_tile reads them.
//#if SCALAR_K
@group(0) @binding(1) var<storage, read> a: array<f32>;
//#else
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
//#end
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
