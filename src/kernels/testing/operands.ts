/** What parity tests upload: tensors with contents, seen by the kernel in float32 and by the oracle in float64. */
import type { Gpu } from '../../gpu/device';
import type { Dispatch } from '../dispatch';
import { normalValues } from '../parity';
import { createTensor, elementCount, type Tensor } from '../tensor';
import { runWholeAndCut } from './splitting';

export interface Operand {
  tensor: Tensor;
  values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
}

/** An operand of float32 values, with the same values as the oracle takes them. */
export interface FloatOperand extends Operand {
  values: Float32Array<ArrayBuffer>;
  doubles: Float64Array;
}

export function emptyTensor(name: string, ...shape: number[]): Tensor {
  return createTensor(name, shape, 'working set');
}

export function floats(name: string, shape: readonly number[], values: ArrayLike<number>): FloatOperand {
  const rounded = Float32Array.from(values);
  return { tensor: createTensor(name, shape, 'working set'), values: rounded, doubles: Float64Array.from(rounded) };
}

export function integers(name: string, shape: readonly number[], values: ArrayLike<number>): Operand {
  return { tensor: createTensor(name, shape, 'working set'), values: Uint32Array.from(values) };
}

/** Normal contents, the same for the same name and shape on every machine. */
export function normals(name: string, shape: readonly number[], scale = 1): FloatOperand {
  return floats(name, shape, normalValues(`${name}[${shape}]`, elementCount(shape), scale));
}

/** Rows of `width` values widened to `stride` columns of `fill`, as the model layer pads with zeros. */
export function padColumns(values: ArrayLike<number>, width: number, stride: number, fill = 0): Float32Array<ArrayBuffer> {
  const rows = values.length / width;
  const padded = new Float32Array(rows * stride).fill(fill);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < width; column++) padded[row * stride + column] = values[row * width + column];
  return padded;
}

/** Runs the dispatches twice, and cut every way, and throws unless all runs give the same bits; returns the outputs. */
export async function runTwice(
  gpu: Gpu,
  dispatches: readonly Dispatch[],
  operands: readonly Operand[],
  outputs: readonly Tensor[],
): Promise<Float32Array<ArrayBuffer>[]> {
  const inputs = operands.map(({ tensor, values }) => [tensor, values] as const);
  return (await runWholeAndCut(gpu, dispatches, inputs, outputs)).results;
}
