import { type AdapterFacts, adapterName, requestGpu } from '../../gpu/device';
import { defaultVariants, kernelFamilies } from '../../kernels/families';
import type { Variant } from '../../kernels/variants';

/** Head dimensions that the default variants are given for: the choice depends on how many registers a row takes. */
const HEAD_DIMS = [16, 32, 64, 128];

/** Where a variant is an operation's default on an adapter, and why. */
export interface VariantUse {
  operation: string;
  variant: string;
  supported: boolean;
  /** Of HEAD_DIMS, those at which it is the default. */
  usedAtHeadDim: number[];
  /** True where it is the default whatever the head dimension. */
  usedAlways: boolean;
  reason: string;
}

export interface DeviceDescription extends AdapterFacts {
  /** One line that names it. */
  adapter: string;
  /** Adapters that other preferences give. */
  others: string[];
  variants: VariantUse[];
  /** What was tuned here by this build, by class of shapes: variants that are not what the operation gets untimed. */
  tuned: { shapes: string; complete: boolean; changed: Record<string, string> }[];
}

/** Texts of a tuning cache, and what runs WebGPU as its keys have it. */
export interface Remembered {
  texts: readonly string[];
  runtime: string;
}

/** The adapter as the lab would use it. */
export async function describeDevice(gpu: GPU, remembered: Remembered): Promise<DeviceDescription> {
  const { facts, device } = await requestGpu(gpu);
  device.destroy();
  const variants = kernelFamilies.flatMap((family) =>
    family.variants.map((variant) => variantUse(facts, family.operation, variant)),
  );
  const [others, tuned] = [await otherAdapters(gpu, facts), await tunedHere(facts, remembered)];
  return { adapter: adapterName(facts), ...facts, others, variants, tuned };
}

async function tunedHere(facts: AdapterFacts, { texts, runtime }: Remembered): Promise<DeviceDescription['tuned']> {
  const { adapterKey, buildId, entriesOf } = await import('../../tuning/memory');
  const entries = entriesOf(texts, adapterKey(facts, runtime), await buildId(kernelFamilies));
  return entries.map(({ shapes, result: { complete, operations } }) => {
    const changed = operations.filter(({ chosen, preferred }) => chosen !== preferred);
    return { shapes, complete, changed: Object.fromEntries(changed.map(({ operation, chosen }) => [operation, chosen])) };
  });
}

async function otherAdapters(gpu: GPU, used: AdapterFacts): Promise<string[]> {
  const names = new Set<string>();
  const preferences: GPURequestAdapterOptions[] = [{ powerPreference: 'low-power' }, { forceFallbackAdapter: true }];
  for (const preference of preferences) {
    const info = (await gpu.requestAdapter(preference))?.info;
    if (info && (info.vendor !== used.vendor || info.description !== used.description))
      names.add(adapterName({ ...used, ...named(info) }));
  }
  return [...names];
}

function named({ vendor, architecture, device, description }: GPUAdapterInfo) {
  return { vendor, architecture, device, description };
}

function variantUse(facts: AdapterFacts, operation: string, variant: Variant): VariantUse {
  const supported = variant.isSupported(facts);
  const usedAtHeadDim = HEAD_DIMS.filter((headDim) => defaultVariants(facts, { headDim })[operation] === variant.name);
  return {
    operation,
    variant: variant.name,
    supported,
    usedAtHeadDim,
    usedAlways: usedAtHeadDim.length === HEAD_DIMS.length,
    reason: `${supported ? 'for' : 'needs what this adapter lacks; for'} ${variant.suits}`,
  };
}
