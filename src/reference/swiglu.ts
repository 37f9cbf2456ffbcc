/** SwiGLU's elementwise part: y = silu(gate) * up, silu(g) = g / (1 + exp(-g)). Shazeer 2020, arXiv 2002.05202. All (M, F). */

export function swigluForward(gate: Float64Array, up: Float64Array): Float64Array {
  return gate.map((g, i) => g * sigmoid(g) * up[i]);
}

export function swigluBackward(gate: Float64Array, up: Float64Array, dy: Float64Array) {
  const dgate = gate.map((g, i) => dy[i] * up[i] * sigmoid(g) * (1 + g * (1 - sigmoid(g))));
  const dup = gate.map((g, i) => dy[i] * g * sigmoid(g));
  return { dgate, dup };
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
