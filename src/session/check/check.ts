import type { ModelConfig } from '../../core/modelConfig';
import { adapterName, assertHealthy, type Gpu } from '../../gpu/device';
import { PipelineCache } from '../../gpu/pipelines';
import { variantSets } from '../../kernels/families';
import type { VariantSet } from '../../kernels/variants';
import type { NamedWeights } from '../../model/weights';
import { checkAttention } from './checkAttention';
import { checkForward } from './checkForward';
import { checkGradients } from './checkGradients';
import { checkTraining } from './checkTraining';
import type { Golden } from './golden';

/** Worst error of one quantity over all its values, against its tolerance. */
export interface CheckedQuantity {
  quantity: string;
  error: number;
  tolerance: number;
}

export interface CheckReport {
  adapter: string;
  /** One entry per variant set, the default first; `changed` names what differs from it. */
  sets: { variants: VariantSet; changed: string; dispatches: number; quantities: CheckedQuantity[] }[];
  passed: boolean;
}

/** What every part of the check works with. */
export interface CheckContext {
  gpu: Gpu;
  pipelines: PipelineCache;
  config: ModelConfig;
  weights: NamedWeights;
  variants: VariantSet;
  /** Adds up kernel calls made. */
  count(dispatches: number): void;
}

/**
 * Runs the training path's kernels against golden values, under every variant this adapter supports.
 * Tolerances are those of the golden folder's README for float32.
 */
export async function checkGolden(
  gpu: Gpu,
  golden: Golden,
  checkpoint: { config: ModelConfig; weights: NamedWeights },
  onSet?: (changed: string) => void,
): Promise<CheckReport> {
  const pipelines = new PipelineCache(gpu.device);
  const report: CheckReport = { adapter: adapterName(gpu.facts), sets: [], passed: true };
  const [base] = variantSets(gpu.facts, checkpoint.config);
  for (const variants of variantSets(gpu.facts, checkpoint.config)) {
    const changed = changedFrom(base, variants);
    onSet?.(changed);
    report.sets.push({ changed, ...(await checkVariants({ gpu, pipelines, ...checkpoint, variants }, golden)) });
  }
  report.passed = report.sets.every(({ quantities }) => quantities.every(passes));
  return report;
}

/** Every quantity of the golden values under one variant set. */
export async function checkVariants(
  context: Omit<CheckContext, 'count'>,
  golden: Golden,
): Promise<{ variants: VariantSet; dispatches: number; quantities: CheckedQuantity[] }> {
  let dispatches = 0;
  const counting: CheckContext = {
    ...context,
    count: (calls) => {
      dispatches += calls;
    },
  };
  const quantities = [
    ...(golden.forward ? await checkForward(counting, golden.forward) : []),
    ...(golden.attention ? await checkAttention(counting, golden.attention) : []),
    ...(golden.gradients ? await checkGradients(counting, golden.gradients) : []),
    ...(golden.train ? await checkTraining(counting, golden.train) : []),
  ];
  assertHealthy(context.gpu);
  return { variants: context.variants, dispatches, quantities };
}

/** False for NaN as well. */
export function passes({ error, tolerance }: CheckedQuantity): boolean {
  return error <= tolerance;
}

function changedFrom(base: VariantSet, variants: VariantSet): string {
  const changes = Object.entries(variants).filter(([operation, name]) => base[operation] !== name);
  return changes.map(([operation, name]) => `${operation}=${name}`).join(', ') || 'default';
}
