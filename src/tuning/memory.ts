/** What is remembered of an adapter, and when it still holds. */
import type { ModelConfig } from '../core/modelConfig';
import { z } from '../core/zod';
import type { AdapterFacts } from '../gpu/device';
import { shaderNames, shaderSource } from '../gpu/shader';
import type { KernelFamily } from '../kernels/variants';
import { type TuningResult, tuningResultSchema } from './report';

/** Raised when the meaning of an entry changes. */
const FORMAT = 1;

const entrySchema = z.object({
  format: z.literal(FORMAT),
  /** Hash of what was tuned. */
  build: z.string(),
  /** As stored under, so that an entry cannot be taken for another's. */
  key: z.string(),
  result: tuningResultSchema,
});

/** Names an adapter as far as WebGPU tells adapters apart, its driver as far as the description has it, and what runs WebGPU. */
export function adapterKey(facts: AdapterFacts, runtime: string): string {
  const { vendor, architecture, device, description, features, subgroupMinSize, subgroupMaxSize } = facts;
  return [vendor, architecture, device, description, features.join(' '), `${subgroupMinSize}-${subgroupMaxSize}`, runtime].join(
    '|',
  );
}

/**
 * Names shapes that are alike enough to share a choice: widths by their power of two, the head dimension and the precision as they are.
 * @param tokens M of the calls that are timed.
 */
export function shapeClass(config: ModelConfig, tokens: number, half: boolean): string {
  const { hiddenSize, intermediateSize, vocabSize, numAttentionHeads, numKeyValueHeads, headDim } = config;
  const sizes = { d: hiddenSize, f: intermediateSize, v: vocabSize, n: numAttentionHeads, k: numKeyValueHeads, m: tokens };
  const powers = Object.entries(sizes).map(([letter, size]) => `${letter}${2 ** Math.ceil(Math.log2(size))}`);
  return [...powers, `h${headDim}`, half ? 'float16' : 'float32'].join(' ');
}

export function tuningKey(facts: AdapterFacts, runtime: string, shapes: string): string {
  return `${adapterKey(facts, runtime)}|${shapes}`;
}

/** Hash of every shader and every variant: another build's timings say nothing about this one. */
export async function buildId(families: readonly KernelFamily[]): Promise<string> {
  const shaders = shaderNames()
    .sort()
    .map((name) => [name, shaderSource(name)]);
  const variants = families.map(({ operation, variants }) => [
    operation,
    variants.map(({ name, constants }) => [name, constants]),
  ]);
  const text = new TextEncoder().encode(JSON.stringify([FORMAT, shaders, variants]));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What a stored text says, or undefined where it is broken or of another key or build. */
export function readEntry(text: string | undefined, key: string, build: string): TuningResult | undefined {
  const entry = parseEntry(text);
  return entry?.key === key && entry.build === build ? entry.result : undefined;
}

/** Of stored texts, those that this build made on this adapter, with the class of shapes each is for. */
export function entriesOf(texts: readonly string[], adapter: string, build: string): { shapes: string; result: TuningResult }[] {
  const entries = texts.map(parseEntry).filter((entry) => entry !== undefined);
  return entries
    .filter((entry) => entry.build === build && entry.key.startsWith(`${adapter}|`))
    .map(({ key, result }) => ({ shapes: key.slice(adapter.length + 1), result }));
}

export function writeEntry(key: string, build: string, result: TuningResult): string {
  return JSON.stringify({ format: FORMAT, build, key, result } satisfies z.infer<typeof entrySchema>);
}

function parseEntry(text: string | undefined): z.infer<typeof entrySchema> | undefined {
  try {
    return entrySchema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
