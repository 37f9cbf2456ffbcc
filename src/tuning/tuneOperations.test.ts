import { describe, expect, it } from 'vitest';
import { DeviceLostError, GpuValidationError, KernelCompileError } from '../gpu/errors';
import type { CheckOutcome } from './checkCase';
import { refusals } from './report';
import { type TuningBench, TuningError, type TuningOptions, tuneOperations, tuningSteps } from './tuneOperations';

const RIGHT: CheckOutcome = { check: 'right', toleranceShare: 0.2 };
const WRONG: CheckOutcome = {
  check: 'wrong',
  toleranceShare: 7,
  problem: 'element 3 in c is 1, should be 2 (7.00 times the tolerance)',
};

interface Script {
  /** Milliseconds by "operation variant", one for every round or the same for all. */
  ms?: Record<string, number | number[]>;
  /** The same for when an operation is timed a second time; default as the first. */
  again?: Record<string, number>;
  checks?: Record<string, CheckOutcome | Error>;
  flops?: Record<string, number>;
  /** The budget is over after this many checks and timings. */
  calls?: number;
}

/** Two operations, `big` before `small` by FLOPs, with three variants each of which `a` is the default. */
function setUp({ ms = {}, again = {}, checks = {}, flops = { small: 1e6, big: 1e9 }, calls = Number.POSITIVE_INFINITY }: Script) {
  const log: string[] = [];
  const progress: [done: number, what: string][] = [];
  const bench: TuningBench = {
    flopsOf: (operation) => flops[operation] ?? 0,
    async check(operation, variant) {
      log.push(`check ${operation} ${variant}`);
      const outcome = checks[`${operation} ${variant}`] ?? RIGHT;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    openTimer(operation) {
      const isAgain = log.includes(`destroy ${operation}`);
      const rounds = new Map<string, number>();
      return {
        async prepare(variant) {
          log.push(`prepare ${operation} ${variant}`);
        },
        async time(variant) {
          log.push(`time ${operation} ${variant}`);
          const round = rounds.get(variant) ?? 0;
          rounds.set(variant, round + 1);
          const key = `${operation} ${variant}`;
          const given = (isAgain ? again[key] : undefined) ?? ms[key] ?? 10;
          return [{ shader: operation, flops: flops[operation], ms: Array.isArray(given) ? given[round % given.length] : given }];
        },
        destroy: () => log.push(`destroy ${operation}`),
      };
    },
  };
  const variants = ['b', 'a', 'c'].map((name) => ({ name, constants: {}, suits: '', isSupported: () => true }));
  const options: TuningOptions = {
    families: ['small', 'big'].map((operation) => ({ operation, variants })),
    preferred: { small: 'a', big: 'a' },
    bench,
    isOver: () => log.length >= calls,
    onProgress: (...step) => progress.push(step),
  };
  return { options, log, progress };
}

describe('tuneOperations', () => {
  it('checks every variant, times the right ones in turn, and takes the fastest', async () => {
    const { options, log } = setUp({ ms: { 'big c': 8, 'big b': 9 } });
    const { operations, complete, flopsPerSecond } = await tuneOperations(options);
    expect(operations.map(({ operation, chosen }) => [operation, chosen])).toEqual([
      ['big', 'c'],
      ['small', 'a'],
    ]);
    expect(operations[0].why).toBe('20 % faster than a');
    expect(operations[0].candidates.find(({ variant }) => variant === 'c')).toEqual({
      variant: 'c',
      check: 'right',
      toleranceShare: 0.2,
      ms: 8,
      gflopsPerSecond: 125,
    });
    expect(flopsPerSecond).toEqual({ big: 1e9 / 8e-3, small: 1e6 / 10e-3 });
    expect(complete).toBe(true);
    const times = log.filter((line) => line.startsWith('time big')).slice(3, 9);
    expect(times.join()).toBe('time big a,time big b,time big c,time big a,time big b,time big c');
    // Only what beat its default is timed a second time, after everything else.
    expect(log.filter((line) => line.startsWith('destroy'))).toEqual(['destroy big', 'destroy small', 'destroy big']);
  });

  it('refuses a wrong variant, names it, and does not time it', async () => {
    const { options, log } = setUp({ ms: { 'big b': 1, 'big c': 8 }, checks: { 'big b': WRONG } });
    const tuned = await tuneOperations(options);
    expect(tuned.operations[0].chosen).toBe('c');
    expect(log.some((line) => line.endsWith('e big b'))).toBe(false);
    expect(refusals({ ...tuned, variants: {} })).toEqual([
      'big b is not used here: wrong results, element 3 in c is 1, should be 2 (7.00 times the tolerance)',
    ]);
  });

  it('refuses a variant that does not compile or is not valid here', async () => {
    const compile = new KernelCompileError('compile b', 'valid WGSL', 'line 3', 'fix it');
    const invalid = new GpuValidationError('check c', 'a valid call', 'too large', 'report it');
    const { options } = setUp({ checks: { 'big b': compile, 'big c': invalid } });
    const tuned = await tuneOperations(options);
    expect(tuned.operations[0]).toMatchObject({ chosen: 'a', why: 'the only one that is right' });
    expect(refusals({ ...tuned, variants: {} })).toHaveLength(2);
  });

  it('replaces a default that is wrong, by the first right one where timing is noise', async () => {
    const { options } = setUp({ checks: { 'big a': WRONG }, ms: { 'big b': 10, 'big c': 9.9 } });
    expect((await tuneOperations(options)).operations[0].chosen).toBe('b');
  });

  it('replaces a default that is wrong also when time is over', async () => {
    const { options, log } = setUp({ checks: { 'big a': WRONG }, calls: 1 });
    const { operations, complete } = await tuneOperations(options);
    expect(operations[0]).toMatchObject({ chosen: 'b', why: 'the default is refused' });
    expect(operations[1]).toMatchObject({ chosen: 'a', why: 'not reached' });
    expect(log).toEqual(['check big a', 'check big b']);
    expect(complete).toBe(false);
  });

  it('throws where nothing is right', async () => {
    const { options } = setUp({ checks: { 'big a': WRONG, 'big b': WRONG, 'big c': WRONG } });
    await expect(tuneOperations(options)).rejects.toThrow(TuningError);
    await expect(tuneOperations(options)).rejects.toThrow(/tuning big: .*a: element 3.*b: element 3/);
  });

  it('keeps the default where timing is noise', async () => {
    const { options } = setUp({ ms: { 'big a': [10, 14, 7], 'big b': [9, 6, 13], 'big c': [8, 15, 12] } });
    const [big] = (await tuneOperations(options)).operations;
    expect(big.chosen).toBe('a');
    expect(big.why).toMatch(/not more than the noise/);
  });

  it('keeps the default where a win does not come again, and paces by the default', async () => {
    const { options } = setUp({ ms: { 'big c': 5 }, again: { 'big c': 10 } });
    const { operations, flopsPerSecond, complete } = await tuneOperations(options);
    expect(operations[0]).toMatchObject({ chosen: 'a', why: 'c was 50 % faster than a, but not again' });
    expect([flopsPerSecond.big, complete]).toEqual([1e9 / 10e-3, true]);
  });

  it('keeps the default where there is no time to confirm a win', async () => {
    const { log, options } = setUp({ ms: { 'big c': 5 }, flops: { big: 1e9, small: 0 } });
    // Over as soon as everything has been timed once.
    const { operations, complete } = await tuneOperations({ ...options, isOver: () => log.includes('check small c') });
    expect(operations[0]).toMatchObject({ chosen: 'a', why: 'c was 50 % faster than a, not confirmed in time' });
    expect(complete).toBe(false);
  });

  it('drops a variant that is hopeless after one timing', async () => {
    const { options, log } = setUp({ ms: { 'big b': 100 } });
    const [big] = (await tuneOperations(options)).operations;
    expect(log.filter((line) => line === 'time big b')).toHaveLength(1);
    expect(big.candidates.find(({ variant }) => variant === 'b')?.ms).toBe(100);
  });

  it('keeps the defaults of what it does not reach', async () => {
    // Three checks, three preparations with a first timing each, and one round that is not finished.
    const { options, log } = setUp({ ms: { 'big c': 1 }, calls: 11 });
    const { operations, complete, flopsPerSecond } = await tuneOperations(options);
    expect(operations.map(({ chosen, why }) => [chosen, why])).toEqual([
      ['a', 'not timed'],
      ['a', 'not reached'],
    ]);
    expect(operations[1].candidates.map(({ check }) => check)).toEqual(['not reached', 'not reached', 'not reached']);
    expect(log).not.toContain('check small a');
    expect([complete, flopsPerSecond]).toEqual([false, {}]);
  });

  it('checks but does not time what the plan never calls', async () => {
    const { options, log } = setUp({ flops: { big: 0, small: 1 } });
    const { operations, complete } = await tuneOperations(options);
    expect(operations.find(({ operation }) => operation === 'big')).toMatchObject({
      chosen: 'a',
      why: 'not called by this plan',
    });
    expect(log).not.toContain('prepare big a');
    expect(complete).toBe(true);
  });

  it('ends with a lost device', async () => {
    const lost = new DeviceLostError('GPU device', 'the device to stay', 'gone', 'continue');
    await expect(tuneOperations(setUp({ checks: { 'big b': lost } }).options)).rejects.toThrow(lost);
  });

  it('tells what it does next, and how far it is', async () => {
    const { options, progress } = setUp({});
    await tuneOperations(options);
    const whats = ['big', 'small'].flatMap((name) => [...[...'abc'].map((v) => `checking ${name} ${v}`), `timing ${name}`]);
    expect(progress).toEqual(whats.map((what, done) => [done, what]));
    expect(tuningSteps(options.families)).toBe(8);
  });
});
