import type { AdapterFacts } from '../gpu/device';
import type { KernelFamily, Variant, VariantSet } from './variants';

interface BlockedFamily extends KernelFamily {
  preferredAt(facts: AdapterFacts, headDim: number): string;
}

interface BlockOptions {
  /** Vectors of head_dim floats that a thread keeps per row. */
  vectors: number;
  sizes: readonly number[];
}

/** Floats of a thread's own vectors that leave a GPU thread, which has 255 registers at most, room for a block of the others. */
const REGISTER_BUDGET = 128;

/** Positions of a block where every thread loads for itself. */
const OWN_BLOCK = 4;
/** Positions of a block that a subgroup shares: enough that rescaling between blocks is small change, few enough for registers. */
const SHARED_BLOCK = 8;

/** What WGSL allows. */
const SUBGROUP_SIZES = [4, 8, 16, 32, 64, 128];

export const flashForwardFamily = blockedFamily('flash_forward', 'ROWS', { vectors: 2, sizes: [1, 2, 4] });
export const flashBackwardDqFamily = blockedFamily('flash_backward_dq', 'ROWS', { vectors: 3, sizes: [1, 2, 4] });
export const flashBackwardDkvFamily = blockedFamily('flash_backward_dkv', 'KEYS', { vectors: 4, sizes: [1, 2] });
export const attentionFamilies = [flashForwardFamily, flashBackwardDqFamily, flashBackwardDkvFamily] as const;

/** Default variants of the three kernels where the head dimension is known, which `KernelFamily.preferred` is not told. */
export function attentionVariants(facts: AdapterFacts, headDim: number): VariantSet {
  return Object.fromEntries(attentionFamilies.map((family) => [family.operation, family.preferredAt(facts, headDim)]));
}

/** Whether all subgroups of the adapter have this size, so that a kernel may be written for it. */
function hasSubgroupsOf(size: number, { features, subgroupMinSize, subgroupMaxSize }: AdapterFacts): boolean {
  return features.includes('subgroups') && subgroupMinSize === size && subgroupMaxSize === size;
}

/**
 * Variants by how many rows (or keys) a thread owns: more use of every vector it loads, more registers; and by whether the threads of a
 * subgroup load for each other. Software adapters have the stack for registers and take the largest; a GPU, whose lanes read one address
 * at the price of one, takes as many rows as its registers hold, each thread for itself.
 */
function blockedFamily(operation: string, block: 'ROWS' | 'KEYS', { vectors, sizes }: BlockOptions): BlockedFamily {
  const largest = Math.max(...sizes);
  const ownName = (size: number) => `${block.toLowerCase()}-${size}`;
  const sharedName = (size: number) => `subgroup-${size}`;
  const own = sizes.map((size): Variant => {
    const upTo = Math.floor(REGISTER_BUDGET / (vectors * size));
    return {
      name: ownName(size),
      constants: { [block]: size, SHARE: false, WIDTH: OWN_BLOCK, LOADS: 1, QUADS: OWN_BLOCK / 4 },
      suits: `GPUs at head_dim up to ${upTo}${size === largest ? ', and software adapters without subgroups' : ''}`,
      isSupported: () => true,
    };
  });
  const shared = SUBGROUP_SIZES.map((size): Variant => {
    const width = Math.min(size, SHARED_BLOCK);
    return {
      name: sharedName(size),
      constants: { [block]: largest, SHARE: true, WIDTH: width, LOADS: SHARED_BLOCK / width, QUADS: width / 4 },
      suits: `software adapters with subgroups of ${size}: each lane loads a vector for all`,
      isSupported: (facts) => hasSubgroupsOf(size, facts),
    };
  });
  const preferredAt = (facts: AdapterFacts, headDim: number) => {
    const together = shared.find((variant) => variant.isSupported(facts));
    if (facts.isSoftware && together) return together.name;
    return ownName(sizes.findLast((size) => facts.isSoftware || size * vectors * headDim <= REGISTER_BUDGET) ?? 1);
  };
  return { operation, variants: [...own, ...shared], preferredAt, preferred: (facts) => preferredAt(facts, 64) };
}
