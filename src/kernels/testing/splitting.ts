/** Holds `Dispatch.split` to its word: the pieces leave the same bits as the whole. */
import type { Gpu } from '../../gpu/device';
import type { Dispatch } from '../dispatch';
import { ParityError, runDispatches, type TensorInput } from '../parity';
import type { Tensor } from '../tensor';

/** One, two, an odd number, and as many as there can be. */
const PIECES = [1, 2, 7, Number.POSITIVE_INFINITY];

/** The dispatches with each that can be cut into that many pieces. */
export function splitAll(dispatches: readonly Dispatch[], pieces: number): Dispatch[] {
  return dispatches.flatMap((dispatch) => dispatch.split?.(pieces) ?? [dispatch]);
}

/**
 * Runs the dispatches whole and cut, from the same contents, and throws unless every output has the same bits each time.
 * @returns the largest number of dispatches that cutting gave.
 */
export async function expectSameBitsWhenSplit(
  gpu: Gpu,
  dispatches: readonly Dispatch[],
  inputs: readonly TensorInput[],
  outputs: readonly Tensor[],
): Promise<number> {
  const whole = await runDispatches(gpu, dispatches, inputs, outputs);
  let most = dispatches.length;
  for (const pieces of PIECES) {
    const parts = splitAll(dispatches, pieces);
    most = Math.max(most, parts.length);
    const cut = await runDispatches(gpu, parts, inputs, outputs);
    whole.forEach((values, output) => {
      const [bits, again] = [values, cut[output]].map((result) => new Uint32Array(result.buffer));
      const at = bits.findIndex((word, i) => word !== again[i]);
      if (at >= 0)
        throw new ParityError(
          `${dispatches[0].label} cut into ${parts.length}`,
          `the same bits in ${outputs[output].storage.name}`,
          `${values[at]} whole and ${cut[output][at]} cut at element ${at}`,
          'look for a sum that is added after the loop, or a window that begins in the wrong place',
        );
    });
  }
  return most;
}
