/** The ways to multiply matrices: what a thread owns, and who loads what the threads of a workgroup have in common. */
import type { AdapterFacts } from '../gpu/device';
import { hasSubgroupsOf, SUBGROUP_SIZES } from './subgroups';
import type { KernelFamily, Variant, VariantSet } from './variants';

/** Who loads what: see shaders/matmul_threads.wgsl. */
const ALONE = { SHARE: false, STAGED: false, TEAM: false, WIDTH: 8, THREADS_X: 8, THREADS_Y: 8 };

/** What products of a single row can be computed with. */
const ONE_ROW: readonly Variant[] = [
  {
    name: 'register-1x8',
    constants: { ...ALONE, TILE_ROWS: 1 },
    suits: 'decoding on software adapters: a taller tile computes rows that are not there',
    oneRow: true,
    isSupported: () => true,
  },
  {
    name: 'team-1x8',
    constants: { ...ALONE, TEAM: true, TILE_ROWS: 1, THREADS_X: 64, THREADS_Y: 1 },
    suits: 'decoding on GPUs: neighbouring threads read neighbouring weights',
    oneRow: true,
    isSupported: () => true,
  },
];

const tilesOfNt = tileFamily('matmul_nt');
/** Also the products inside `qkv_rotary` and `swiglu_forward`. */
export const matmulNtFamily: KernelFamily = { ...tilesOfNt, variants: [...tilesOfNt.variants, ...ONE_ROW] };
/** Which of `matmul_nt`'s variants decoding takes. */
export const matmulRowFamily: KernelFamily = {
  operation: 'matmul_row',
  variants: ONE_ROW,
  preferred: (facts) => (facts.isSoftware ? 'register-1x8' : 'team-1x8'),
};
/** Also the product inside `swiglu_backward`. */
export const matmulNnFamily = tileFamily('matmul_nn');
export const matmulTnFamily = tileFamily('matmul_tn');
export const matmulFamilies = [matmulNtFamily, matmulNnFamily, matmulTnFamily] as const;

/**
 * A thread owns TILE_ROWS × 8 values. Alone, a thread of a software adapter runs eight rows best, and a GPU's has registers for four; lanes
 * that load for each other reuse every vector often enough with four. Out of workgroup memory the larger tile reads less, and the smaller
 * one leaves no core idle where the product is small.
 */
function tileFamily(operation: string): KernelFamily {
  const own = (rows: number, suits: string): Variant => ({
    name: `register-${rows}x8`,
    constants: { ...ALONE, TILE_ROWS: rows },
    suits,
    isSupported: () => true,
  });
  const shared = SUBGROUP_SIZES.map(
    (size): Variant => ({
      name: `subgroup-${size}`,
      constants: { ...ALONE, SHARE: true, TILE_ROWS: 4, WIDTH: Math.min(size, 8), THREADS_X: 1, THREADS_Y: 64 },
      suits: `software adapters with subgroups of ${size}: each lane loads a vector for all`,
      isSupported: (facts) => hasSubgroupsOf(size, facts),
    }),
  );
  const staged = (rows: number, threadRows: number, suits: string): Variant => ({
    name: `tiled-${rows * threadRows}x64`,
    constants: { ...ALONE, STAGED: true, TILE_ROWS: rows, THREADS_Y: threadRows },
    suits: `GPUs: tiles in workgroup memory, ${suits}`,
    isSupported: () => true,
  });
  return {
    operation,
    variants: [
      own(8, 'software adapters without subgroups: registers are memory, reuse is free'),
      own(4, 'GPUs whose caches are as fast as workgroup memory'),
      ...shared,
      staged(8, 8, 'for most products'),
      staged(8, 16, 'for large products on large GPUs'),
      staged(4, 8, 'for products too small to fill the GPU with larger tiles'),
    ],
    preferred: (facts) => {
      if (!facts.isSoftware) return 'tiled-64x64';
      return shared.find((variant) => variant.isSupported(facts))?.name ?? 'register-8x8';
    },
  };
}

/** A set for calls of a single row. Sets recorded before there was a choice have the adapter's default. */
export function oneRowVariants(facts: AdapterFacts, variants: VariantSet): VariantSet {
  const { operation, preferred } = matmulRowFamily;
  return { ...variants, [matmulNtFamily.operation]: variants[operation] ?? preferred(facts) };
}
