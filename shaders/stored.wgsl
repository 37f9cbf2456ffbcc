// Include: a value on its way to storage. Float16 cannot hold more than 65504, and WGSL leaves the conversion of what is larger undefined.
//
// Needs: HALF, whether the kernel stores float16.
fn stored(value: vec4f) -> vec4f {
//#if HALF
  return clamp(value, vec4f(-65504.0), vec4f(65504.0));
//#else
  return value;
//#end
}
