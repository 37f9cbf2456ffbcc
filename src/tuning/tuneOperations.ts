import { LabError } from '../core/errors';
import { DeviceLostError } from '../gpu/errors';
import type { KernelFamily, VariantSet } from '../kernels/variants';
import type { CheckOutcome } from './checkCase';
import { chooseVariant, median, type Timing } from './choice';
import type { CallTime } from './planTimer';
import type { CandidateReport, OperationReport } from './report';

/** Rounds in which every variant is timed once, in turn, so that what slows the machine for a while slows all of them. */
const ROUNDS = 7;

/** A variant this many times slower than the fastest in a first run is not timed further. */
const HOPELESS = 2;

/** Calls of an operation, ready to be timed under one variant after another. */
export interface OperationTimer {
  prepare(variant: string): Promise<void>;
  time(variant: string): Promise<CallTime[]>;
  destroy(): void;
}

/** Where variants are checked and timed: an adapter, or a table of numbers in tests. */
export interface TuningBench {
  /** FLOPs of the plan that the operation's variants decide about; 0 where the plan never calls it. */
  flopsOf(operation: string): number;
  check(operation: string, variant: string): Promise<CheckOutcome>;
  openTimer(operation: string): OperationTimer;
}

export interface TuningOptions {
  /** Each with the supported variants only, and more than one. */
  families: readonly Pick<KernelFamily, 'operation' | 'variants'>[];
  /** What each operation gets untimed. */
  preferred: VariantSet;
  bench: TuningBench;
  /** Asked between checks and between timings: what has not been reached keeps its default. */
  isOver(): boolean;
  /** Of `tuningSteps`, before each. */
  onProgress(done: number, what: string): void;
}

export interface TunedOperations {
  operations: OperationReport[];
  /** FLOP/s by shader of what was chosen, where it was timed. */
  flopsPerSecond: Record<string, number>;
  complete: boolean;
}

/** Thrown where every variant of an operation is wrong or does not run: nothing on this adapter can be trusted. */
export class TuningError extends LabError {
  override name = 'TuningError';
}

/** A check of every variant, and the timing of every operation. */
export function tuningSteps(families: TuningOptions['families']): number {
  return families.reduce((sum, { variants }) => sum + variants.length + 1, 0);
}

/**
 * Checks and times the variants of every operation, most FLOPs first; then times once more, seconds later, what beat a default. Rounds
 * that follow each other do not show what slows one variant for that long.
 */
export async function tuneOperations(options: TuningOptions): Promise<TunedOperations> {
  const { bench } = options;
  const families = options.families.toSorted((a, b) => bench.flopsOf(b.operation) - bench.flopsOf(a.operation));
  const works: OperationTuning[] = [];
  let before = 0;
  for (const family of families) {
    const work = new OperationTuning(family, options, (done, what) => options.onProgress(before + done, what));
    await work.run();
    before += tuningSteps([family]);
    works.push(work);
  }
  for (const work of works) await work.confirm(() => options.onProgress(before, `timing ${work.report.operation} again`));
  return {
    operations: works.map(({ report }) => report),
    flopsPerSecond: Object.assign({}, ...works.map(({ flopsPerSecond }) => flopsPerSecond)),
    complete: works.every(({ complete }) => complete),
  };
}

/** One operation on its way: every variant is checked, and those that are right are timed against each other. */
class OperationTuning {
  readonly report: OperationReport;
  complete = false;
  /** Of the variants that were timed to the end; the first is what stays if another's win is not confirmed. */
  private rounds = new Map<string, CallTime[][]>();

  constructor(
    family: TuningOptions['families'][number],
    private readonly options: TuningOptions,
    private readonly onProgress: (done: number, what: string) => void,
  ) {
    const { operation, variants } = family;
    const preferred = options.preferred[operation];
    const names = [preferred, ...variants.map(({ name }) => name).filter((name) => name !== preferred)];
    const candidates = names.map((variant): CandidateReport => ({ variant, check: 'not reached' }));
    this.report = { operation, preferred, chosen: preferred, why: 'not reached', candidates };
  }

  async run(): Promise<void> {
    await this.checkAll();
    const { candidates } = this.report;
    if (candidates.every(isRefused)) throw this.nothingRight();
    // Also where time has run out: a default that is wrong here must not stay.
    const stays = candidates.find((candidate) => !isRefused(candidate))!;
    if (stays.check === 'not reached') return;
    this.choose(stays.variant, stays === candidates[0] ? 'not timed' : 'the default is refused');
    if (this.options.isOver()) return;
    if (!this.options.bench.flopsOf(this.report.operation)) this.finish('not called by this plan');
    else if (this.right().length === 1) this.finish('the only one that is right');
    else await this.timeAll();
  }

  /** FLOP/s by shader of what was chosen; none where it was not timed. */
  get flopsPerSecond(): Record<string, number> {
    return ratesOf(this.rounds.get(this.report.chosen) ?? []);
  }

  /** Times a winner against what it beat once more: a win that does not come again, or not in time, is none. */
  async confirm(onBegin: () => void): Promise<void> {
    const { operation, chosen, why } = this.report;
    const [stays] = this.rounds.keys();
    if (stays === undefined || stays === chosen) return;
    const again = this.options.isOver() ? undefined : await this.timeAgain([stays, chosen], onBegin, operation);
    this.complete = again !== undefined;
    if (!again) this.choose(stays, `${chosen} was ${why}, not confirmed in time`);
    else if (chooseVariant(timingsOf(again)).variant !== chosen) this.choose(stays, `${chosen} was ${why}, but not again`);
  }

  private async timeAgain(variants: readonly string[], onBegin: () => void, operation: string) {
    onBegin();
    const timer = this.options.bench.openTimer(operation);
    try {
      for (const variant of variants) await timer.prepare(variant);
      return await this.timeRounds(timer, variants);
    } finally {
      timer.destroy();
    }
  }

  /** The default first, and past the end of the budget until one is right if the default is not. */
  private async checkAll(): Promise<void> {
    const { operation, candidates } = this.report;
    for (const [i, candidate] of candidates.entries()) {
      const isNeeded = i > 0 && candidates.slice(0, i).every(isRefused);
      if (this.options.isOver() && !isNeeded) return;
      this.onProgress(i, `checking ${operation} ${candidate.variant}`);
      Object.assign(candidate, await orProblem(() => this.options.bench.check(operation, candidate.variant)));
    }
  }

  private async timeAll(): Promise<void> {
    const { operation, candidates } = this.report;
    this.onProgress(candidates.length, `timing ${operation}`);
    const timer = this.options.bench.openTimer(operation);
    try {
      const rounds = await this.timeRounds(timer, await this.worthTiming(timer));
      if (!rounds) return;
      for (const candidate of candidates) this.describeSpeed(candidate, rounds.get(candidate.variant));
      this.rounds = rounds;
      const { variant, why } = chooseVariant(timingsOf(rounds));
      this.choose(variant, why);
      this.complete = true;
    } finally {
      timer.destroy();
    }
  }

  /** Prepares each right variant and drops those that do not run at this size and those far behind. The first one left is what stays. */
  private async worthTiming(timer: OperationTimer): Promise<string[]> {
    const first = new Map<string, number>();
    for (const candidate of this.right()) {
      if (this.options.isOver()) return [];
      const outcome = await orProblem(async () => {
        await timer.prepare(candidate.variant);
        const times = await timer.time(candidate.variant);
        this.describeSpeed(candidate, [times]);
        first.set(candidate.variant, totalMs(times));
        return {};
      });
      Object.assign(candidate, outcome);
    }
    if (!first.size) throw this.nothingRight();
    const fastest = Math.min(...first.values());
    const [stays] = first.keys();
    this.choose(stays, stays === this.report.preferred ? 'not timed' : 'the default is refused');
    return [...first].filter(([variant, ms]) => variant === stays || ms <= HOPELESS * fastest).map(([variant]) => variant);
  }

  /** Undefined where time ran out. */
  private async timeRounds(timer: OperationTimer, variants: readonly string[]): Promise<Map<string, CallTime[][]> | undefined> {
    if (!variants.length) return undefined;
    const rounds = new Map(variants.map((variant) => [variant, [] as CallTime[][]]));
    for (let round = 0; round < ROUNDS; round++)
      for (const [variant, times] of rounds) {
        if (this.options.isOver()) return undefined;
        times.push(await timer.time(variant));
      }
    return rounds;
  }

  private describeSpeed(candidate: CandidateReport, rounds: readonly CallTime[][] | undefined): void {
    if (!rounds) return;
    candidate.ms = median(rounds.map(totalMs));
    candidate.gflopsPerSecond = rounds[0].reduce((sum, { flops }) => sum + flops, 0) / candidate.ms / 1e6;
  }

  private right(): CandidateReport[] {
    return this.report.candidates.filter(({ check }) => check === 'right');
  }

  private choose(variant: string, why: string): void {
    Object.assign(this.report, { chosen: variant, why });
  }

  private finish(why: string): void {
    this.report.why = why;
    this.complete = true;
  }

  private nothingRight(): TuningError {
    const { operation, candidates } = this.report;
    return new TuningError(
      `tuning ${operation}`,
      'a variant that gives right results on this adapter',
      candidates.map(({ variant, problem }) => `${variant}: ${problem}`).join('; '),
      'update the driver or the browser, or use another adapter; with tuning off the lab would train on wrong numbers',
    );
  }
}

function isRefused({ check }: CandidateReport): boolean {
  return check === 'wrong' || check === 'failed';
}

/** A variant that this adapter cannot compile or run is refused; a lost device ends tuning. */
async function orProblem<T extends object>(work: () => Promise<T>): Promise<T | CheckOutcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DeviceLostError || !(error instanceof LabError)) throw error;
    return { check: 'failed', problem: error.message };
  }
}

function timingsOf(rounds: ReadonlyMap<string, CallTime[][]>): Timing[] {
  return [...rounds].map(([variant, times]) => ({ variant, ms: times.map(totalMs) }));
}

function totalMs(times: readonly CallTime[]): number {
  return times.reduce((sum, { ms }) => sum + ms, 0);
}

/** FLOP/s by shader, of each call's median round. */
function ratesOf(rounds: readonly CallTime[][]): Record<string, number> {
  const shaders = new Map<string, { flops: number; ms: number }>();
  rounds[0]?.forEach(({ shader, flops }, call) => {
    const total = shaders.get(shader) ?? { flops: 0, ms: 0 };
    shaders.set(shader, { flops: total.flops + flops, ms: total.ms + median(rounds.map((times) => times[call].ms)) });
  });
  return Object.fromEntries(
    [...shaders].filter(([, { ms }]) => ms > 0).map(([shader, { flops, ms }]) => [shader, (1000 * flops) / ms]),
  );
}
