import { beforeEach, describe, expect, it } from 'vitest';
import type { AdapterFacts, Gpu } from '../gpu/device';
import { PipelineCache } from '../gpu/pipelines';
import type { KernelFamily } from '../kernels/variants';
import type { CheckOutcome } from './checkCase';
import { type TuningRequest, tune } from './tune';
import { type TuningBench, TuningError } from './tuneOperations';

const facts: AdapterFacts = {
  vendor: 'maker',
  architecture: '',
  device: '',
  description: '',
  isSoftware: false,
  features: [],
  limits: {},
  subgroupMinSize: 0,
  subgroupMaxSize: 0,
};
const variant = (name: string, isSupported = true) => ({ name, constants: {}, suits: '', isSupported: () => isSupported });
const families: KernelFamily[] = [
  { operation: 'op', variants: [variant('default'), variant('fast'), variant('elsewhere', false)], preferred: () => 'default' },
  { operation: 'alone', variants: [variant('only'), variant('elsewhere', false)], preferred: () => 'only' },
];
const rates = { flopsPerSecond: { op: 1, other: 2 }, otherFlopsPerSecond: 1, bytesPerSecond: 1 };

/** Counts what the bench is asked, so that a test can tell that nothing was run. */
class CountingBench implements TuningBench {
  asked: string[] = [];
  onCheck = () => {};
  outcome: CheckOutcome = { check: 'right' };

  flopsOf() {
    return 1e6;
  }

  async check(operation: string, name: string) {
    this.asked.push(`${operation} ${name}`);
    this.onCheck();
    return this.outcome;
  }

  openTimer() {
    return {
      prepare: async () => {},
      time: async (name: string) => [{ shader: 'op', flops: 1e6, ms: name === 'fast' ? 1 : 2 }],
      destroy: () => {},
    };
  }
}

let bench: CountingBench;
let stored: Map<string, string>;
let request: TuningRequest;

beforeEach(() => {
  bench = new CountingBench();
  stored = new Map();
  request = {
    // No device: everything that would need one is injected.
    gpu: { facts } as Gpu,
    pipelines: new PipelineCache({} as GPUDevice),
    preferred: { op: 'default', alone: 'only', untuned: 'x' },
    plan: () => [],
    traits: { headDim: 8, half: false },
    shapes: 'small',
    cache: {
      read: async (key) => stored.get(key),
      write: async (key, value) => void stored.set(key, value),
    },
    runtime: 'test',
    budgetMs: 60_000,
    measureRates: async () => rates,
    families,
    bench,
  };
});

describe('tune', () => {
  it('tunes operations that have a choice here, and lays their rates over the measured ones', async () => {
    const result = await tune(request);
    expect(result.variants).toEqual({ op: 'fast', alone: 'only', untuned: 'x' });
    expect(result.rates).toEqual({ ...rates, flopsPerSecond: { op: 1e9, other: 2 } });
    expect(bench.asked).toEqual(['op default', 'op fast']);
  });

  it('runs nothing where the cache has the answer', async () => {
    const first = await tune(request);
    bench.asked = [];
    expect(await tune({ ...request, measureRates: () => Promise.reject(new Error('measured again')) })).toEqual(first);
    expect(bench.asked).toEqual([]);
  });

  it('tunes again when asked to, and for other shapes', async () => {
    await tune(request);
    await tune({ ...request, again: true });
    await tune({ ...request, shapes: 'large' });
    expect(bench.asked).toHaveLength(6);
    expect(stored.size).toBe(2);
  });

  it('ignores and rewrites what is broken or of another build', async () => {
    const result = await tune(request);
    const [[key, text]] = stored;
    for (const foreign of ['{"format":', text.replace(/"build":"\w+"/, '"build":"other"')]) {
      stored.set(key, foreign);
      bench.asked = [];
      expect(await tune(request)).toEqual(result);
      expect(bench.asked).not.toEqual([]);
      expect(stored.get(key)).toBe(text);
    }
  });

  it('gives the defaults for a budget of 0', async () => {
    const result = await tune({ ...request, budgetMs: 0 });
    expect(result).toEqual({ variants: request.preferred, operations: [], complete: false });
    expect([bench.asked, stored.size]).toEqual([[], 0]);
  });

  it('keeps defaults when it is skipped midway, and forgets', async () => {
    const skip = new AbortController();
    bench.onCheck = () => skip.abort();
    const result = await tune({ ...request, signal: skip.signal });
    expect(result).toMatchObject({ variants: request.preferred, complete: false });
    expect(result.rates).toBeUndefined();
    expect(stored.size).toBe(0);
  });

  it('ends its progress also where nothing is right', async () => {
    const progress: string[] = [];
    const onProgress = (done: number, total: number, what: string) => void progress.push(`${done}/${total} ${what}`);
    await tune({ ...request, onProgress });
    expect(progress.slice(-2)).toEqual(['3/4 measuring the kernels that were chosen', '4/4 ']);
    bench.outcome = { check: 'wrong', problem: 'all of it' };
    progress.length = 0;
    await expect(tune({ ...request, shapes: 'other', onProgress })).rejects.toThrow(TuningError);
    expect(progress.at(-1)).toBe('4/4 ');
  });

  it('does without a cache that fails', async () => {
    const broken = { read: () => Promise.reject(new Error('no')), write: () => Promise.reject(new Error('no')) };
    expect((await tune({ ...request, cache: broken })).variants.op).toBe('fast');
  });
});
