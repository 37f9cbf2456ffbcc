import type { Gpu } from '../gpu/device';
import type { PipelineCache } from '../gpu/pipelines';
import type { VariantSet } from '../kernels/variants';
import { casesOf } from './cases';
import { type CheckCase, type CheckOutcome, runCases } from './checkCase';
import type { ModelTraits } from './linearCases';
import { type Plan, type PlannedCall, plannedCalls, totalFlops } from './planCalls';
import { PlanTimer } from './planTimer';
import type { OperationTimer, TuningBench } from './tuneOperations';

/** Calls of an operation that are timed: those with most FLOPs, which decide. */
const SAMPLED_CALLS = 3;

export interface PlanBenchOptions {
  gpu: Gpu;
  pipelines: PipelineCache;
  plan: Plan;
  /** Variants of the operations that are not being looked at. */
  base: VariantSet;
  /** Supported variants by operation. */
  supported: ReadonlyMap<string, readonly string[]>;
  traits: ModelTraits;
}

/** An adapter, the oracle and a plan. */
export class PlanBench implements TuningBench {
  private readonly calls = new Map<string, PlannedCall[]>();
  private readonly cases = new Map<string, CheckCase[]>();

  constructor(private readonly options: PlanBenchOptions) {}

  flopsOf(operation: string): number {
    return totalFlops(this.callsOf(operation));
  }

  check(operation: string, variant: string): Promise<CheckOutcome> {
    const { gpu, pipelines, traits, base } = this.options;
    const cases = this.cases.get(operation) ?? casesOf(operation, traits);
    this.cases.set(operation, cases);
    return runCases(gpu, pipelines, cases, { ...base, [operation]: variant });
  }

  openTimer(operation: string): OperationTimer {
    const { gpu, pipelines } = this.options;
    return new PlanTimer(gpu, pipelines, this.callsOf(operation).slice(0, SAMPLED_CALLS));
  }

  private callsOf(operation: string): PlannedCall[] {
    const { plan, base, supported } = this.options;
    const calls = this.calls.get(operation) ?? plannedCalls(plan, base, operation, supported.get(operation) ?? []);
    this.calls.set(operation, calls);
    return calls;
  }
}
