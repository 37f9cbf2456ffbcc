import { InputError } from '../core/errors';
import type { AdapterFacts } from '../gpu/device';
import type { ShaderConstants } from '../gpu/shader';

/**
 * One way to compute an operation: constants (or another shader) plus a predicate on the adapter. Every variant faces the same
 * parity tests; which one ran is part of the run record, because another order of sums is another set of bits.
 */
export interface Variant {
  name: string;
  constants: ShaderConstants;
  /** What it is for: the reason why an adapter gets it or not. */
  suits: string;
  /** For calls of a single row, of which a plan of training has none: not timed among the variants for many rows. */
  oneRow?: boolean;
  isSupported(facts: AdapterFacts): boolean;
}

export interface KernelFamily {
  operation: string;
  variants: readonly Variant[];
  /** Deterministic default where nothing has been timed. Always supported. */
  preferred(facts: AdapterFacts): string;
}

/** Variant name by operation. */
export type VariantSet = Readonly<Record<string, string>>;

export function variantOf<V extends Variant>(
  family: Pick<KernelFamily, 'operation'> & { variants: readonly V[] },
  set: VariantSet,
): V {
  const name = set[family.operation];
  const variant = family.variants.find((candidate) => candidate.name === name);
  if (!variant)
    throw new InputError(
      `${family.operation} variant`,
      `one of ${family.variants.map((v) => v.name).join(', ')}`,
      name,
      'choose a registered variant or leave the set to its default',
    );
  return variant;
}
