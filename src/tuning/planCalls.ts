import { pipelineKey } from '../gpu/pipelines';
import type { Dispatch } from '../kernels/dispatch';
import type { VariantSet } from '../kernels/variants';

/** The calls of the work that is tuned for, under any variants: the same labels whatever the set, in one piece each. */
export type Plan = (variants: VariantSet) => readonly Dispatch[];

/** A call that the choice of a variant changes, as it is under each. */
export interface PlannedCall {
  label: string;
  /** How often the plan makes it. */
  count: number;
  /** Of one call. */
  flops: number;
  byVariant: ReadonlyMap<string, Dispatch>;
}

/**
 * The calls that differ between variants of an operation, found by building the plan under each: kernels that share a family
 * (a projection with rotary uses the matmul's tile) need not be listed anywhere. Most FLOPs first.
 */
export function plannedCalls(plan: Plan, base: VariantSet, operation: string, variants: readonly string[]): PlannedCall[] {
  const calls = new Map<string, { count: number; flops: number; byVariant: Map<string, Dispatch> }>();
  for (const variant of variants)
    for (const dispatch of plan({ ...base, [operation]: variant })) {
      const call = calls.get(dispatch.label) ?? { count: 0, flops: dispatch.flops, byVariant: new Map<string, Dispatch>() };
      if (variant === variants[0]) call.count++;
      call.byVariant.set(variant, dispatch);
      calls.set(dispatch.label, call);
    }
  return [...calls]
    .map(([label, call]) => ({ label, ...call }))
    .filter(({ byVariant }) => new Set([...byVariant.values()].map(form)).size > 1)
    .sort((a, b) => b.count * b.flops - a.count * a.flops);
}

export function totalFlops(calls: readonly Pick<PlannedCall, 'count' | 'flops'>[]): number {
  return calls.reduce((sum, { count, flops }) => sum + count * flops, 0);
}

/** What of a call a variant can change. */
function form({ shader, constants, workgroups, params }: Dispatch): string {
  return JSON.stringify([pipelineKey(shader, constants), workgroups, params]);
}
