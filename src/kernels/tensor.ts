import { ShapeError } from '../core/errors';

/** What a buffer is for; the memory plan adds up bytes by these. */
export type Purpose =
  | 'weights'
  | 'gradients'
  | 'optimizer'
  | 'kept activations'
  | 'working set'
  | 'loss chunk'
  | 'inputs'
  | 'tables'
  | 'kv cache'
  | 'staging';

/**
 * A block of GPU memory before any exists: programs are built, measured and checked on these, and only `realize` turns them into buffers.
 * `persistent` storage (weights, optimizer state, inputs, tables) is bound by its owner; the rest is placed in the arena by lifetime.
 */
export interface Storage {
  readonly name: string;
  readonly bytes: number;
  readonly purpose: Purpose;
  readonly persistent: boolean;
}

/** A typed, shaped window on a storage. `offset` is in elements. */
export interface Tensor {
  readonly storage: Storage;
  readonly shape: readonly number[];
  readonly offset: number;
  /** Elements are float16, two bytes wide. Others are four: float32 or u32, as the shader declares. */
  readonly half?: boolean;
}

export const BYTES_PER_ELEMENT = 4;

/** WebGPU's default minStorageBufferOffsetAlignment. */
const BINDING_ALIGNMENT = 256;

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes of one element. */
export function elementBytes({ half }: Pick<Tensor, 'half'>): number {
  return half ? BYTES_PER_ELEMENT / 2 : BYTES_PER_ELEMENT;
}

export function tensorBytes(tensor: Tensor): number {
  return elementCount(tensor.shape) * elementBytes(tensor);
}

/** Where a tensor begins in its storage. */
export function byteOffset(tensor: Tensor): number {
  return tensor.offset * elementBytes(tensor);
}

export interface TensorOptions {
  persistent?: boolean;
  half?: boolean;
}

/** A tensor that owns a storage of exactly its size. */
export function createTensor(
  name: string,
  shape: readonly number[],
  purpose: Purpose,
  { persistent = false, half = false }: TensorOptions = {},
): Tensor {
  const bytes = elementCount(shape) * elementBytes({ half });
  return { storage: { name, bytes, purpose, persistent }, shape, offset: 0, half };
}

/** A window on rows [first, first + count) of a tensor's leading axis. The start must suit WebGPU's 256-byte binding alignment. */
export function rowsOf(tensor: Tensor, first: number, count: number): Tensor {
  const rowSize = elementCount(tensor.shape.slice(1));
  if (first + count > tensor.shape[0])
    throw new ShapeError(`rows of ${tensor.storage.name}`, `at most ${tensor.shape[0]} rows`, first + count, 'clip the range');
  return { ...tensor, shape: [count, ...tensor.shape.slice(1)], offset: tensor.offset + first * rowSize };
}

/** Throws a ShapeError naming the operation and operand unless the shapes are equal. */
export function expectShape(operation: string, operand: string, tensor: Tensor, shape: readonly number[]): void {
  if (tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i]))
    throw new ShapeError(operation, `${operand} of shape [${shape}]`, `[${tensor.shape}]`, `pass ${operand} with that shape`);
}

/** Fewest rows whose bytes suit WebGPU's binding alignment: windows of `rowsOf` must begin at a multiple of it. */
export function rowAlignment(tensor: Tensor): number {
  const rowBytes = elementCount(tensor.shape.slice(1)) * elementBytes(tensor);
  let rows = 1;
  while ((rows * rowBytes) % BINDING_ALIGNMENT) rows *= 2;
  return rows;
}
