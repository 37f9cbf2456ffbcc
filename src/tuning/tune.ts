/**
 * The autotuner: on first use of an adapter, every variant of every operation is held against the oracle, then timed at the shapes of
 * the actual plan, and the winners are remembered.
 */
import type { TuningCache } from '../core/ports';
import type { Gpu } from '../gpu/device';
import type { PipelineCache } from '../gpu/pipelines';
import { kernelFamilies } from '../kernels/families';
import type { AdapterRates } from '../kernels/pace';
import type { KernelFamily, VariantSet } from '../kernels/variants';
import type { ModelTraits } from './linearCases';
import { buildId, readEntry, tuningKey, writeEntry } from './memory';
import { PlanBench } from './planBench';
import type { Plan } from './planCalls';
import type { TuningResult } from './report';
import { type TuningBench, tuneOperations, tuningSteps } from './tuneOperations';

export { shapeClass } from './memory';
export { refusals } from './report';

export interface TuningRequest {
  gpu: Gpu;
  pipelines: PipelineCache;
  /** What each operation gets untimed. */
  preferred: VariantSet;
  /** The work to tune for. */
  plan: Plan;
  traits: ModelTraits;
  /** Names the class of shapes that the choice holds for, as `shapeClass` does. */
  shapes: string;
  cache: TuningCache;
  /** What runs WebGPU, as far as it is known: browser or Dawn with its version. */
  runtime: string;
  /** Milliseconds after which the rest keeps its default. 0 tunes nothing and looks nothing up. */
  budgetMs: number;
  /** Tunes although the cache has an answer. */
  again?: boolean;
  /** Ends tuning now; what was found out is used but not remembered. */
  signal?: AbortSignal;
  /** The last call has `done` equal to `total`, however tuning ends. */
  onProgress?(done: number, total: number, what: string): void;
  /** What every kernel sustains under the chosen variants, those included that have no variants. */
  measureRates(variants: VariantSet): Promise<AdapterRates>;
  /** Tests inject their own. */
  families?: readonly KernelFamily[];
  bench?: TuningBench;
}

/**
 * Variants for a plan on an adapter: remembered, else tuned for within the budget.
 * @throws TuningError where no variant of an operation gives right results.
 */
export async function tune(request: TuningRequest): Promise<TuningResult> {
  const { gpu, preferred, cache, budgetMs, families = kernelFamilies } = request;
  if (!budgetMs) return { variants: { ...preferred }, operations: [], complete: false };
  const build = await buildId(families);
  const key = tuningKey(gpu.facts, request.runtime, request.shapes);
  // A cache that cannot be read or written costs time, not the run.
  const text = request.again ? undefined : await cache.read(key).catch(() => undefined);
  const remembered = readEntry(text, key, build);
  if (remembered) return remembered;
  const result = await tuneNow(request, families);
  if (!request.signal?.aborted) await cache.write(key, writeEntry(key, build, result)).catch(() => undefined);
  return result;
}

async function tuneNow(request: TuningRequest, families: readonly KernelFamily[]): Promise<TuningResult> {
  const { gpu, preferred, budgetMs, signal } = request;
  const supported = families
    .map(({ operation, variants }) => ({
      operation,
      variants: variants.filter((variant) => !variant.oneRow && variant.isSupported(gpu.facts)),
    }))
    .filter(({ variants }) => variants.length > 1);
  const names = new Map(supported.map(({ operation, variants }) => [operation, variants.map(({ name }) => name)]));
  const bench = request.bench ?? new PlanBench({ ...request, base: preferred, supported: names });
  const steps = tuningSteps(supported);
  const onProgress = (done: number, what: string) => request.onProgress?.(done, steps + 1, what);
  const started = performance.now();
  const isOver = () => Boolean(signal?.aborted) || performance.now() - started > budgetMs;
  try {
    const tuned = await tuneOperations({ families: supported, preferred, bench, isOver, onProgress });
    const { operations, complete } = tuned;
    const chosen = Object.fromEntries(operations.map(({ operation, chosen }) => [operation, chosen]));
    const variants = { ...preferred, ...chosen };
    if (signal?.aborted) return { variants, operations, complete };
    onProgress(steps, 'measuring the kernels that were chosen');
    const rates = await request.measureRates(variants);
    const flopsPerSecond = { ...rates.flopsPerSecond, ...tuned.flopsPerSecond };
    return { variants, operations, complete, rates: { ...rates, flopsPerSecond } };
  } finally {
    onProgress(steps + 1, '');
  }
}
