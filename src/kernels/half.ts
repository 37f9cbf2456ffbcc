import { fromFloat16 } from '../core/float16';
import { type Dispatch, linearWorkgroups, rowPieces } from './dispatch';
import { expectShape, rowsOf, type Tensor, tensorBytes } from './tensor';

/** A read-back tensor's values as float32, whatever it is stored in. */
export function decodeValues({ half }: Pick<Tensor, 'half'>, bytes: ArrayBuffer): Float32Array<ArrayBuffer> {
  return half ? Float32Array.from(new Uint16Array(bytes), fromFloat16) : new Float32Array(bytes.slice(0));
}

/** y (count) float16 = the first values of x, float32, clamped to what float16 can hold. `count` is a multiple of 4. */
export function toHalf({ role, x, y }: { role: string; x: Tensor; y: Tensor }): Dispatch {
  const [count] = y.shape;
  const front = rowsOf(x, 0, count);
  expectShape('to_half', 'x', front, [count]);
  return {
    label: `to_half.${role}[${count}]`,
    shader: 'to_half',
    constants: { HALF: true, y_t: 'f16' },
    tensors: { x: front, y },
    params: { count4: count / 4 },
    workgroups: linearWorkgroups(count / 4),
    flops: 0,
    bytes: tensorBytes(front) + tensorBytes(y),
    split: (pieces) => rowPieces([y, front], pieces, (window) => toHalf({ role, x: window(front), y: window(y) })),
  };
}
