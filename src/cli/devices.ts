import { type AdapterFacts, adapterName, requestGpu } from '../gpu/device';
import { defaultVariants, kernelFamilies } from '../kernels/families';
import type { Variant } from '../kernels/variants';
import type { CommandLine } from './commandLine';
import { openDawn } from './dawn';
import { createOutput } from './output';

/** Head dimensions that the default variants are shown for; the choice depends on how many registers a row takes. */
const HEAD_DIMS = [16, 32, 64, 128];

/** Why a variant is or is not an operation's default. */
interface VariantFacts {
  operation: string;
  variant: string;
  supported: boolean;
  /** Head dimensions at which it is the default; all of HEAD_DIMS where they do not matter. */
  usedAtHeadDim: number[];
  reason: string;
}

/** `lab devices`: the adapter as the lab would use it. Other adapters the system offers are named. */
export async function devices(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const dawn = openDawn();
  const { facts } = await requestGpu(dawn);
  const others = await otherAdapters(dawn, facts);
  const variants = kernelFamilies.flatMap(({ operation, variants: all }) =>
    all.map((variant) => variantFacts(facts, operation, variant)),
  );
  output.line(`adapter: ${adapterName(facts)}${facts.isSoftware ? ', in software on the CPU' : ''}`);
  if (others.length) output.line(`also:    ${others.join('; ')}`);
  output.line(`features: ${facts.features.join(', ')}`);
  if (facts.subgroupMaxSize) output.line(`subgroups of ${facts.subgroupMinSize} to ${facts.subgroupMaxSize}`);
  output.line();
  output.table(Object.entries(facts.limits).map(([name, value]) => [name, value.toLocaleString('en')]));
  output.line();
  output.table([
    ['operation', 'variant', 'used', 'why'],
    ...variants.map(({ operation, variant, usedAtHeadDim, reason }) => [operation, variant, usedText(usedAtHeadDim), reason]),
  ]);
  output.value({ adapter: adapterName(facts), ...facts, others, variants });
  return 0;
}

/** Adapters that other preferences give. Dawn hands out one per preference, so this names what it can be asked for. */
async function otherAdapters(gpu: GPU, used: AdapterFacts): Promise<string[]> {
  const names = new Set<string>();
  const options: GPURequestAdapterOptions[] = [{ powerPreference: 'low-power' }, { forceFallbackAdapter: true }];
  for (const option of options) {
    const info = (await gpu.requestAdapter(option))?.info;
    if (info && (info.vendor !== used.vendor || info.description !== used.description))
      names.add(`${info.vendor} ${info.architecture} (${info.description || info.device})`);
  }
  return [...names];
}

function variantFacts(facts: AdapterFacts, operation: string, variant: Variant): VariantFacts {
  const supported = variant.isSupported(facts);
  const usedAtHeadDim = HEAD_DIMS.filter((headDim) => defaultVariants(facts, { headDim })[operation] === variant.name);
  const reason = supported ? `for ${variant.suits}` : `not here: for ${variant.suits}`;
  return { operation, variant: variant.name, supported, usedAtHeadDim, reason };
}

function usedText(headDims: readonly number[]): string {
  if (headDims.length === HEAD_DIMS.length) return 'yes';
  return headDims.length ? `head_dim ${headDims.join(', ')}` : '-';
}
