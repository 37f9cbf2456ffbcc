/** The ways to run flash attention: how many rows a thread owns, and who loads what the threads of a workgroup all read. */
import type { AdapterFacts } from '../gpu/device';
import type { ShaderConstants } from '../gpu/shader';
import { WORKGROUP_SIZE } from './dispatch';
import { hasSubgroupsOf, SUBGROUP_SIZES } from './subgroups';
import { BYTES_PER_ELEMENT } from './tensor';
import { type KernelFamily, type Variant, type VariantSet, variantOf } from './variants';

interface FlashVariant extends Variant {
  constants: FlashConstants;
  /** Workgroup memory that its two tiles may fill. */
  tileBytes: number;
}

/** See shaders/attention_together.wgsl. */
type FlashConstants = ShaderConstants & { THREADS: number; LANES: number; LOADS: number; QUADS: number; STAGED: boolean };

export interface FlashFamily extends KernelFamily {
  variants: readonly FlashVariant[];
  /** What a thread (or quad of threads) owns several of. */
  block: 'ROWS' | 'KEYS';
  preferredAt(facts: AdapterFacts, headDim: number): string;
}

interface FamilyOptions {
  /** Vectors of head_dim floats that a thread keeps per row. */
  vectors: number;
  /** Rows per thread of the variants whose threads load for themselves. */
  sizes: readonly number[];
  /** Positions of a block in workgroup memory. */
  stagedBlock: number;
}

/** Floats of a thread's own vectors that leave a GPU thread, which has 255 registers at most, room for a block of the others. */
const REGISTER_BUDGET = 128;

/** Positions of a block where every thread loads for itself. */
const OWN_BLOCK = 4;
/** Positions of a block that a subgroup shares: enough that rescaling between blocks is small change, few enough for registers. */
const SHARED_BLOCK = 8;
/** Positions of the largest tile; cuts along the walked axis lie at its multiples. */
export const LARGEST_TILE = 64;

const KIB = 1024;
const LANES_OF_A_QUAD = 4;

/**
 * Workgroups whose threads walk tiles in workgroup memory, best first: the more rows use a value that was read the better, as long as they
 * fit registers. A GPU core reads a quarter as many values from workgroup memory as it multiplies, so a thread with one row waits for most
 * of its time, and a quad with four rows does not.
 */
const STAGED = [
  { rows: 4, threads: 64, lanes: LANES_OF_A_QUAD, tileBytes: 16 * KIB },
  { rows: 2, threads: 256, lanes: LANES_OF_A_QUAD, tileBytes: 32 * KIB },
  { rows: 1, threads: 256, lanes: LANES_OF_A_QUAD, tileBytes: 32 * KIB },
  { rows: 4, threads: 256, lanes: LANES_OF_A_QUAD, tileBytes: 64 * KIB },
  { rows: 1, threads: 64, lanes: 1, tileBytes: 16 * KIB },
] as const;

export const flashForwardFamily = flashFamily('flash_forward', 'ROWS', { vectors: 2, sizes: [1, 2, 4], stagedBlock: 8 });
export const flashBackwardDqFamily = flashFamily('flash_backward_dq', 'ROWS', { vectors: 3, sizes: [1, 2, 4], stagedBlock: 4 });
export const flashBackwardDkvFamily = flashFamily('flash_backward_dkv', 'KEYS', { vectors: 4, sizes: [1, 2], stagedBlock: 4 });
export const attentionFamilies = [flashForwardFamily, flashBackwardDqFamily, flashBackwardDkvFamily] as const;

/** Default variants of the three kernels where the head dimension is known, which `KernelFamily.preferred` is not told. */
export function attentionVariants(facts: AdapterFacts, headDim: number): VariantSet {
  return Object.fromEntries(attentionFamilies.map((family) => [family.operation, family.preferredAt(facts, headDim)]));
}

/** Constants of the set's variant for heads of this size. */
export function flashConstants(family: FlashFamily, set: VariantSet, headDim: number): ShaderConstants {
  const { constants, tileBytes } = variantOf(family, set);
  const { LANES, LOADS, QUADS, STAGED } = constants;
  if (!STAGED) return { ...constants, TILE: LOADS * QUADS * 4 };
  // Both tiles, whose vectors are filled up to what the lanes divide evenly, and log-sum-exp and delta beside them.
  const paddedDim = 2 * LANES * Math.ceil(headDim / 8 / LANES) * 4;
  const positions = tileBytes / (BYTES_PER_ELEMENT * (2 * paddedDim + (family.block === 'KEYS' ? 2 : 0)));
  return { ...constants, TILE: Math.min(LARGEST_TILE, 2 ** Math.floor(Math.log2(positions))) };
}

/** Rows (or keys) of a workgroup. */
export function flashTileRows(family: FlashFamily, set: VariantSet): number {
  const { constants } = variantOf(family, set);
  return (constants.THREADS / constants.LANES) * Number(constants[family.block]);
}

/**
 * Threads that load for themselves (`rows-…`, `keys-…`), for each other within a subgroup (`subgroup-…`), or for the workgroup, a tile at a
 * time (`tiled-ROWS-KIB`; `quads-ROWS-KIB` where a quad of threads shares its rows). Software adapters have the stack for registers and take
 * subgroups or the largest blocks; GPUs take tiles, the first whose rows fit registers.
 */
function flashFamily(operation: string, block: 'ROWS' | 'KEYS', { vectors, sizes, stagedBlock }: FamilyOptions): FlashFamily {
  const largest = Math.max(...sizes);
  const ownName = (size: number) => `${block.toLowerCase()}-${size}`;
  const alone = { THREADS: WORKGROUP_SIZE, LANES: 1, SHARE: false, STAGED: false, WIDTH: 4, LOADS: 1 };
  const largestHead = (size: number, lanes: number) => Math.floor((REGISTER_BUDGET * lanes) / (vectors * size));
  const own = sizes.map(
    (size): FlashVariant => ({
      name: ownName(size),
      constants: { ...alone, [block]: size, QUADS: OWN_BLOCK / 4 },
      tileBytes: 0,
      suits: size === largest ? 'software adapters without subgroups' : 'GPUs whose caches are as fast as workgroup memory',
      isSupported: () => true,
    }),
  );
  const shared = SUBGROUP_SIZES.map((size): FlashVariant => {
    const width = Math.min(size, SHARED_BLOCK);
    return {
      name: `subgroup-${size}`,
      constants: { ...alone, [block]: largest, SHARE: true, WIDTH: width, LOADS: SHARED_BLOCK / width, QUADS: width / 4 },
      tileBytes: 0,
      suits: `software adapters with subgroups of ${size}: each lane loads a vector for all`,
      isSupported: (facts) => hasSubgroupsOf(size, facts),
    };
  });
  const staged = STAGED.map(({ rows, threads, lanes, tileBytes }): FlashVariant => {
    const size = Math.min(rows, largest);
    return {
      name: `${lanes === 1 ? 'tiled' : 'quads'}-${(threads / lanes) * size}-${tileBytes / KIB}k`,
      constants: { ...alone, [block]: size, THREADS: threads, LANES: lanes, STAGED: true, QUADS: stagedBlock / 4 },
      tileBytes,
      suits: `GPUs at head_dim up to ${largestHead(size, lanes)}${lanes === 1 ? ', and those without subgroups' : ''}`,
      isSupported: ({ features, limits, subgroupMinSize }) =>
        limits.maxComputeWorkgroupStorageSize >= tileBytes &&
        limits.maxComputeInvocationsPerWorkgroup >= threads &&
        (lanes === 1 || (features.includes('subgroups') && subgroupMinSize >= lanes)),
    };
  });
  const variants = [...own, ...shared, ...staged];
  const preferredAt = (facts: AdapterFacts, headDim: number) => {
    const together = shared.find((variant) => variant.isSupported(facts));
    if (facts.isSoftware) return together?.name ?? ownName(largest);
    const usable = staged.filter((variant) => variant.isSupported(facts));
    const fits = ({ constants }: FlashVariant) => headDim <= largestHead(Number(constants[block]), constants.LANES);
    return (usable.find(fits) ?? usable[usable.length - 1]).name;
  };
  return { operation, block, variants, preferredAt, preferred: (facts) => preferredAt(facts, 64) };
}
