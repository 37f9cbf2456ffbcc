import type { ModelConfig } from '../core/modelConfig';
import type { AdapterFacts } from '../gpu/device';
import { attentionFamilies, attentionVariants } from './attentionVariants';
import { matmulFamilies, matmulRowFamily } from './matmulVariants';
import type { KernelFamily, VariantSet } from './variants';

/** Every operation that has more than one way to be computed. */
export const kernelFamilies: readonly KernelFamily[] = [...matmulFamilies, matmulRowFamily, ...attentionFamilies];

/** The deterministic default for a model on an adapter, where nothing has been timed. */
export function defaultVariants(facts: AdapterFacts, config: Pick<ModelConfig, 'headDim'>): VariantSet {
  const products = [...matmulFamilies, matmulRowFamily];
  const matmul = Object.fromEntries(products.map((family) => [family.operation, family.preferred(facts)]));
  return { ...matmul, ...attentionVariants(facts, config.headDim) };
}

/**
 * The fewest sets that together run every supported variant at least once. The first is the default; each further one changes all
 * operations at a time to a variant that has not run yet, and an operation that has none left runs its default again.
 */
export function variantSets(facts: AdapterFacts, config: ModelConfig): VariantSet[] {
  const base = defaultVariants(facts, config);
  const untried = kernelFamilies.map(({ operation, variants }) => ({
    operation,
    names: variants.filter((variant) => variant.name !== base[operation] && variant.isSupported(facts)).map(({ name }) => name),
  }));
  const more = Math.max(...untried.map(({ names }) => names.length));
  const changed = Array.from({ length: more }, (_, i) =>
    Object.fromEntries(untried.map(({ operation, names }) => [operation, names[i] ?? base[operation]])),
  );
  return [base, ...changed];
}
