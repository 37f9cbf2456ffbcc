// Include: turns the gradients of four rotary pairs back to what they were before rotary.
//
//   forward [x_i cos − x_j sin, x_j cos + x_i sin]   transpose [y_i cos + y_j sin, y_j cos − y_i sin],   j = i + H/2
//
// `turn0` and `turn1` are the two vec4 of a (T, H/2, 2) table that hold these pairs, (cos, sin, cos, sin) each, any scale folded in.
fn rotary_transpose(low: vec4f, high: vec4f, turn0: vec4f, turn1: vec4f) -> mat2x4f {
  let cosine = vec4f(turn0.xz, turn1.xz);
  let sine = vec4f(turn0.yw, turn1.yw);
  return mat2x4f(low * cosine + high * sine, high * cosine - low * sine);
}
