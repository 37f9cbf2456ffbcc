/**
 * The safetensors format, read strictly and written as transformers expects: 8 bytes of little-endian header length, a JSON header
 * {name: {dtype, shape, data_offsets}, __metadata__: {string: string}}, then tensor bytes without holes. Reading makes views of the
 * given bytes; nothing is allocated for what a header only claims.
 */
import { InputError, ShapeError } from '../core/errors';
import { fromFloat16 } from '../core/float16';

export type TensorDtype = 'F32' | 'F16' | 'BF16';

/** A tensor as it lies in the file. `bytes` is a view. */
export interface StoredTensor {
  dtype: TensorDtype;
  shape: number[];
  bytes: Uint8Array;
}

export interface SafetensorsFile {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
}

export interface NamedTensor {
  name: string;
  shape: readonly number[];
  values: Float32Array;
}

/** Largest header, as in the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;
const BYTES_PER_VALUE: Record<TensorDtype, number> = { F32: 4, F16: 2, BF16: 2 };
const REPAIR = 'save the file again with safetensors';

export function readSafetensors(file: Uint8Array): SafetensorsFile {
  const refuse = (expected: string, got: unknown): never => {
    throw new InputError('safetensors', expected, got, REPAIR);
  };
  if (file.length < 8) refuse('at least 8 bytes of header length', `${file.length} bytes`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > Math.min(MAX_HEADER_BYTES, file.length - 8))
    refuse(`a header of at most ${Math.min(MAX_HEADER_BYTES, file.length - 8)} bytes`, headerBytes);
  const header = parseHeader(file.subarray(8, 8 + headerBytes));
  const data = file.subarray(8 + headerBytes);

  const metadata = header.__metadata__ ?? {};
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string'))
    throw new InputError('safetensors', '__metadata__ to hold strings only', metadata, REPAIR);
  const entries = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => ({ name, ...checkEntry(name, entry) }))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);

  const tensors = new Map<string, StoredTensor>();
  let covered = 0;
  for (const { name, dtype, shape, begin, end } of entries) {
    if (begin !== covered) refuse(`${name} to start at data byte ${covered}, where the tensor before it ends`, begin);
    if (end > data.length) refuse(`${name} (data bytes ${begin} to ${end}) to lie inside the file`, `${data.length} data bytes`);
    tensors.set(name, { dtype, shape, bytes: data.subarray(begin, end) });
    covered = end;
  }
  if (covered !== data.length)
    refuse(`no bytes after the last tensor, which ends at data byte ${covered}`, `${data.length} data bytes`);
  return { tensors, metadata: metadata as Record<string, string> };
}

/** The values in float32: a view of the file where it is F32 and aligned, else a copy. Assumes a little-endian host, as WebGPU does. */
export function tensorValues({ dtype, bytes }: StoredTensor): Float32Array {
  if (dtype === 'F32') {
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
  }
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
  if (dtype === 'F16') return Float32Array.from(halves, fromFloat16);
  // bfloat16 is the upper half of a float32.
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

/** Writes float32 tensors in the given order. The header is padded to 8 bytes, so that every tensor of a page-aligned file is aligned. */
export function writeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Record<string, string> = {},
): Uint8Array<ArrayBuffer> {
  // Older transformers refuse files without a format.
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } };
  let end = 0;
  for (const { name, shape, values } of tensors) {
    if (elementCount(shape) !== values.length)
      throw new ShapeError(
        'safetensors',
        `${elementCount(shape)} values for ${name} of shape [${shape}]`,
        values.length,
        'pass its shape',
      );
    if (Object.hasOwn(header, name)) throw new InputError('safetensors', 'every tensor name once', name, 'rename one of them');
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + values.byteLength] };
    end += values.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(json, 8);
  file.fill(0x20, 8 + json.length, 8 + headerBytes);
  let at = 8 + headerBytes;
  for (const { values } of tensors) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return file;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    // A byte-order mark before the brace would pass JSON.parse; the format wants '{' first.
    header = bytes[0] === 0x7b ? JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) : undefined;
  } catch {
    header = undefined;
  }
  if (isRecord(header)) return header;
  throw new InputError('safetensors', `bytes 8 to ${8 + bytes.length} to be a JSON object`, 'other text', REPAIR);
}

function checkEntry(name: string, entry: unknown): { dtype: TensorDtype; shape: number[]; begin: number; end: number } {
  const refuse = (field: string, expected: string, got: unknown): never => {
    throw new InputError('safetensors', `${field} of ${name} to be ${expected}`, got, REPAIR);
  };
  if (!isRecord(entry)) throw new InputError('safetensors', `the entry of ${name} to be an object`, entry, REPAIR);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES_PER_VALUE, dtype))
    throw new InputError('safetensors', `dtype of ${name} to be F32, F16 or BF16`, dtype, 'convert the checkpoint to float32');
  if (!isCounts(shape)) return refuse('shape', 'a list of whole numbers', shape);
  if (!isCounts(offsets) || offsets.length !== 2) return refuse('data_offsets', '[begin, end]', offsets);
  const [begin, end] = offsets;
  const bytes = elementCount(shape) * BYTES_PER_VALUE[dtype as TensorDtype];
  if (end - begin !== bytes) refuse('data_offsets', `${bytes} bytes apart, the size of ${dtype} [${shape}]`, offsets);
  return { dtype: dtype as TensorDtype, shape, begin, end };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
