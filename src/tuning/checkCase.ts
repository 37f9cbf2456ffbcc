import type { Gpu } from '../gpu/device';
import type { PipelineCache } from '../gpu/pipelines';
import type { Dispatch } from '../kernels/dispatch';
import { type Comparison, compare, runDispatches, sumTolerance, type TensorInput, type Tolerance } from '../kernels/parity';
import type { Tensor } from '../kernels/tensor';
import type { VariantSet } from '../kernels/variants';

/** What a kernel must leave in a tensor. */
export interface Expectation {
  tensor: Tensor;
  values: Float64Array;
  tolerance: Tolerance;
}

/** Calls of one operation at one awkward shape, with the oracle's results. */
export interface CheckCase {
  name: string;
  build(variants: VariantSet): readonly Dispatch[];
  inputs: readonly TensorInput[];
  expected: readonly Expectation[];
}

/** How a variant did over all cases: its worst element, or a sentence on what is wrong. */
export interface CheckOutcome {
  check: 'right' | 'wrong' | 'failed';
  toleranceShare?: number;
  problem?: string;
}

/** What a result in float16 may differ by: half a unit in the last of its eleven places, and that of the values it was made of. */
const HALF_RELATIVE = 1e-3;

/**
 * Tolerance of sums of this many terms, stored as float16 or float32.
 * @param scale their order of size: adapters add in their own ways, and what cancels to nearly nothing keeps the error of its terms.
 */
export function toleranceOf(terms: number, half: boolean, scale = 1): Tolerance {
  const { relative, absolute } = sumTolerance(terms);
  const rounding = half ? HALF_RELATIVE : 0;
  return { relative: relative + rounding, absolute: (absolute + rounding / 10) * scale };
}

/** Runs every case under the variants and compares; the first case that is wrong ends it. Errors of the device are the caller's. */
export async function runCases(
  gpu: Gpu,
  pipelines: PipelineCache,
  cases: readonly CheckCase[],
  variants: VariantSet,
): Promise<CheckOutcome> {
  let toleranceShare = 0;
  for (const { name, build, inputs, expected } of cases) {
    const tensors = expected.map(({ tensor }) => tensor);
    const results = await runDispatches(gpu, build(variants), inputs, tensors, pipelines);
    for (const [i, { tensor, values, tolerance }] of expected.entries()) {
      const worst = compare(results[i], values, tolerance);
      if (worst.toleranceShare > 1)
        return {
          check: 'wrong',
          toleranceShare: worst.toleranceShare,
          problem: describeWorst(`${tensor.storage.name} of ${name}`, worst),
        };
      toleranceShare = Math.max(toleranceShare, worst.toleranceShare);
    }
  }
  return { check: 'right', toleranceShare };
}

function describeWorst(what: string, { worstIndex, actual, expected, toleranceShare }: Comparison): string {
  const share = Number.isFinite(toleranceShare) ? `${toleranceShare.toPrecision(3)} times the tolerance` : 'not finite';
  return `element ${worstIndex} in ${what} is ${actual}, should be ${expected} (${share})`;
}
