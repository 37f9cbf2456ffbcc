import type { AdapterFacts } from '../gpu/device';

/** What WGSL allows. */
export const SUBGROUP_SIZES = [4, 8, 16, 32, 64, 128] as const;

/** Whether all subgroups of the adapter have this size, so that a kernel may be written for it. */
export function hasSubgroupsOf(size: number, { features, subgroupMinSize, subgroupMaxSize }: AdapterFacts): boolean {
  return features.includes('subgroups') && subgroupMinSize === size && subgroupMaxSize === size;
}
