import { describe, expect, it } from 'vitest';
import { readSafetensors, tensorValues, writeSafetensors } from './safetensors';

const TENSORS = [
  { name: 'b', shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 0, 1e-30, 6) },
  { name: 'a', shape: [0], values: new Float32Array() },
  { name: 'c', shape: [], values: Float32Array.of(7) },
];

/** A file with the given header and as many zero bytes of data. */
function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

const tensor = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('safetensors', () => {
  it('round-trips names, shapes, values and metadata', () => {
    const { tensors, metadata } = readSafetensors(writeSafetensors(TENSORS, { step: '12' }));
    expect(metadata).toEqual({ format: 'pt', step: '12' });
    for (const { name, shape, values } of TENSORS) {
      expect(tensors.get(name)!.shape).toEqual(shape);
      expect([...tensorValues(tensors.get(name)!)]).toEqual([...values]);
    }
  });

  it('writes a header padded with spaces to 8 bytes, so that values are read as a view', () => {
    const file = writeSafetensors(TENSORS);
    const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true));
    expect(headerBytes % 8).toBe(0);
    expect(new TextDecoder().decode(file.subarray(8, 8 + headerBytes))).toMatch(/^\{.*\} *$/);
    expect(tensorValues(readSafetensors(file).tensors.get('b')!).buffer).toBe(file.buffer);
  });

  it('copies values that the file leaves unaligned', () => {
    const file = writeSafetensors(TENSORS);
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    expect([...tensorValues(readSafetensors(shifted.subarray(1)).tensors.get('b')!)]).toEqual([...TENSORS[0].values]);
  });

  it('reads half precision of both kinds', () => {
    const file = fileOf({ h: tensor(0, 12, [6], 'F16'), b: tensor(12, 18, [3], 'BF16') }, 18);
    const halves = new DataView(file.buffer, file.length - 18);
    // 1, -2, largest, smallest subnormal, -infinity, 1/3; then 1, -2, 3.140625 in bfloat16.
    [0x3c00, 0xc000, 0x7bff, 0x0001, 0xfc00, 0x3555, 0x3f80, 0xc000, 0x4049].forEach((bits, i) => {
      halves.setUint16(2 * i, bits, true);
    });
    const { tensors } = readSafetensors(file);
    expect([...tensorValues(tensors.get('h')!)]).toEqual([1, -2, 65504, 2 ** -24, Number.NEGATIVE_INFINITY, 0.333251953125]);
    expect([...tensorValues(tensors.get('b')!)]).toEqual([1, -2, 3.140625]);
  });

  it.each([
    ['a short file', new Uint8Array(5), /8 bytes of header length.*5 bytes/],
    ['a header beyond the file', fileOf('{}', 0).fill(255, 0, 8), /header of at most 2 bytes/],
    ['a header that is no JSON', fileOf('{"a"', 4), /bytes 8 to 12 to be a JSON object/],
    ['a header that starts with a space', fileOf(' {}', 0), /JSON object/],
    ['metadata that is not text', fileOf({ __metadata__: { step: 1 } }, 0), /__metadata__ to hold strings/],
    ['an unknown dtype', fileOf({ w: tensor(0, 8, [1], 'I64') }, 8), /dtype of w to be F32, F16 or BF16, got I64/],
    ['a negative shape', fileOf({ w: tensor(0, 4, [-1]) }, 4), /shape of w/],
    ['a shape that does not match its bytes', fileOf({ w: tensor(0, 8, [3]) }, 8), /12 bytes apart/],
    ['offsets that run backwards', fileOf({ w: tensor(8, 4, [1]) }, 8), /4 bytes apart/],
    ['a hole', fileOf({ a: tensor(0, 4), b: tensor(8, 12) }, 12), /b to start at data byte 4.*got 8/],
    ['an overlap', fileOf({ a: tensor(0, 8), b: tensor(4, 12) }, 12), /b to start at data byte 8.*got 4/],
    ['a tensor beyond the file', fileOf({ a: tensor(0, 8) }, 4), /a \(data bytes 0 to 8\) to lie inside the file/],
    ['bytes after the last tensor', fileOf({ a: tensor(0, 4) }, 6), /after the last tensor, which ends at data byte 4/],
    ['an entry that is a list', fileOf({ a: [] }, 0), /entry of a/],
    ['a huge claim in a small file', fileOf({ a: tensor(0, 4e15, [1e15]) }, 4), /to lie inside the file/],
  ])('refuses %s', (_, file, message) => {
    expect(() => readSafetensors(file)).toThrow(message);
  });

  it('refuses to write what does not fit its shape, or twice', () => {
    expect(() => writeSafetensors([{ name: 'a', shape: [3], values: new Float32Array(2) }])).toThrow(
      /3 values for a of shape \[3\]/,
    );
    expect(() => writeSafetensors([TENSORS[0], TENSORS[0]])).toThrow(/every tensor name once, got b/);
  });
});
