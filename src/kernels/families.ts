import type { ModelConfig } from '../core/modelConfig';
import type { AdapterFacts } from '../gpu/device';
import { attentionFamilies, attentionVariants } from './attention';
import { matmulFamily } from './matmul';
import type { KernelFamily, VariantSet } from './variants';

/** Every operation that has more than one way to be computed. */
export const kernelFamilies: readonly KernelFamily[] = [matmulFamily, ...attentionFamilies];

/** The deterministic default for a model on an adapter, where nothing has been timed. */
export function defaultVariants(facts: AdapterFacts, config: ModelConfig): VariantSet {
  return { [matmulFamily.operation]: matmulFamily.preferred(facts), ...attentionVariants(facts, config.headDim) };
}

/** Sets that together run every supported variant at least once: the default, then one change at a time. */
export function variantSets(facts: AdapterFacts, config: ModelConfig): VariantSet[] {
  const base = defaultVariants(facts, config);
  const sets = [base];
  for (const { operation, variants } of kernelFamilies)
    for (const variant of variants)
      if (variant.name !== base[operation] && variant.isSupported(facts)) sets.push({ ...base, [operation]: variant.name });
  return sets;
}
