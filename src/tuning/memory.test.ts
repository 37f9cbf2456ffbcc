import { afterEach, describe, expect, it } from 'vitest';
import type { ModelConfig } from '../core/modelConfig';
import type { AdapterFacts } from '../gpu/device';
import { shaderFaults } from '../gpu/shader';
import { kernelFamilies } from '../kernels/families';
import { adapterKey, buildId, entriesOf, readEntry, shapeClass, tuningKey, writeEntry } from './memory';
import type { TuningResult } from './report';

const facts: AdapterFacts = {
  vendor: 'maker',
  architecture: 'line',
  device: '0x1',
  description: 'driver 1',
  isSoftware: false,
  features: ['shader-f16'],
  limits: {},
  subgroupMinSize: 32,
  subgroupMaxSize: 32,
};
const result: TuningResult = {
  variants: { matmul_nt: 'register-4x8' },
  rates: { flopsPerSecond: { matmul_nt: 1e12 }, otherFlopsPerSecond: 1e10, bytesPerSecond: 1e11 },
  operations: [
    {
      operation: 'matmul_nt',
      preferred: 'register-4x8',
      chosen: 'register-4x8',
      why: 'the fastest',
      candidates: [{ variant: 'register-4x8', check: 'right', toleranceShare: 0.1, ms: 1, gflopsPerSecond: 1000 }],
    },
  ],
  complete: true,
};
const key = tuningKey(facts, 'Dawn', 'm64');

afterEach(() => shaderFaults.clear());

describe('an entry', () => {
  it('is read as it was written', () => {
    expect(readEntry(writeEntry(key, 'build', result), key, 'build')).toEqual(result);
  });

  it('is ignored when it is of another build or key, broken, or not there', () => {
    const text = writeEntry(key, 'build', result);
    expect(readEntry(text, key, 'other build')).toBeUndefined();
    expect(readEntry(text, 'other key', 'build')).toBeUndefined();
    expect(readEntry(text.slice(0, -9), key, 'build')).toBeUndefined();
    expect(readEntry(text.replace('"format":1', '"format":0'), key, 'build')).toBeUndefined();
    expect(readEntry(text.replace('1000000000000', '-1'), key, 'build')).toBeUndefined();
    expect(readEntry(undefined, key, 'build')).toBeUndefined();
  });

  it('is found again by adapter and build', () => {
    const adapter = adapterKey(facts, 'Dawn');
    const other = tuningKey({ ...facts, description: 'driver 2' }, 'Dawn', 'm64');
    const texts = [
      writeEntry(key, 'build', result),
      writeEntry(other, 'build', result),
      writeEntry(key, 'old', result),
      'broken',
    ];
    expect(entriesOf(texts, adapter, 'build')).toEqual([{ shapes: 'm64', result }]);
  });
});

it('keys tell adapters, drivers, features and runtimes apart', () => {
  const keys = [
    adapterKey(facts, 'Dawn'),
    adapterKey({ ...facts, device: '0x2' }, 'Dawn'),
    adapterKey({ ...facts, description: 'driver 2' }, 'Dawn'),
    adapterKey({ ...facts, features: [] }, 'Dawn'),
    adapterKey(facts, 'Chrome 140'),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});

it('one class holds models of like size, and no other head dimension or precision', () => {
  const config = {
    vocabSize: 8192,
    hiddenSize: 500,
    intermediateSize: 1408,
    numAttentionHeads: 8,
    numKeyValueHeads: 2,
    headDim: 64,
  } as ModelConfig;
  const shapes = shapeClass(config, 4096, false);
  expect(shapes).toBe('d512 f2048 v8192 n8 k2 m4096 h64 float32');
  expect(shapeClass({ ...config, hiddenSize: 512 }, 4000, false)).toBe(shapes);
  expect(shapeClass({ ...config, headDim: 32 }, 4096, false)).not.toBe(shapes);
  expect(shapeClass(config, 4096, true)).not.toBe(shapes);
  expect(shapeClass(config, 8192, false)).not.toBe(shapes);
});

it('the build changes with a shader and with a variant', async () => {
  const now = await buildId(kernelFamilies);
  expect(await buildId(kernelFamilies)).toBe(now);
  shaderFaults.set('matmul_nt', (source) => `${source}\n`);
  expect(await buildId(kernelFamilies)).not.toBe(now);
  shaderFaults.clear();
  const [first, ...rest] = kernelFamilies;
  expect(await buildId([{ ...first, variants: first.variants.slice(1) }, ...rest])).not.toBe(now);
});
