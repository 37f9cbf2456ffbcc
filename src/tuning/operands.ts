/** Contents for checks: as a kernel stores them, and as the oracle takes them. */
import { fromFloat16, toFloat16 } from '../core/float16';
import { normalValues, type TensorInput } from '../kernels/parity';
import { createTensor, elementCount, type Tensor } from '../kernels/tensor';

export interface Operand {
  tensor: Tensor;
  /** For `runDispatches`. */
  input: TensorInput;
  /** The same values, after they were rounded to what the tensor stores. */
  doubles: Float64Array;
}

/** An operand of these values. */
export function operandOf(name: string, shape: readonly number[], values: ArrayLike<number>, half = false): Operand {
  const tensor = createTensor(name, shape, 'inputs', { half });
  if (!half) {
    const floats = Float32Array.from(values);
    return { tensor, input: [tensor, floats], doubles: Float64Array.from(floats) };
  }
  const bits = Uint16Array.from(values, toFloat16);
  return { tensor, input: [tensor, bits], doubles: Float64Array.from(bits, fromFloat16) };
}

/** Normal values of order 1, the same for the same name and shape everywhere. */
export function normals(name: string, shape: readonly number[], half = false): Operand {
  return operandOf(name, shape, normalValues(`${name}[${shape}]`, elementCount(shape)), half);
}
