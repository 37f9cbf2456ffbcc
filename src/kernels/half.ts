import { fromFloat16 } from '../core/float16';
import type { Tensor } from './tensor';

/** A read-back tensor's values as float32, whatever it is stored in. */
export function decodeValues({ half }: Tensor, bytes: ArrayBuffer): Float32Array<ArrayBuffer> {
  return half ? Float32Array.from(new Uint16Array(bytes), fromFloat16) : new Float32Array(bytes.slice(0));
}
