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
 * Runs the dispatches whole, and cut every way, from the same contents; throws unless every output has the same bits each time.
 * @returns the outputs, and the largest number of dispatches that cutting gave.
 */
export async function runWholeAndCut(
  gpu: Gpu,
  dispatches: readonly Dispatch[],
  inputs: readonly TensorInput[],
  outputs: readonly Tensor[],
): Promise<{ results: Float32Array<ArrayBuffer>[]; most: number }> {
  const results = await runDispatches(gpu, dispatches, inputs, outputs);
  let most = dispatches.length;
  for (const pieces of PIECES) {
    const parts = splitAll(dispatches, pieces);
    most = Math.max(most, parts.length);
    const again = await runDispatches(gpu, parts, inputs, outputs);
    results.forEach((values, output) => {
      expectSameBits(values, again[output], `${outputs[output].storage.name} of ${dispatches[0].label} in ${parts.length} calls`);
    });
  }
  return { results, most };
}

function expectSameBits(whole: Float32Array<ArrayBuffer>, again: Float32Array<ArrayBuffer>, what: string): void {
  const [bits, others] = [whole, again].map((values) => new Uint32Array(values.buffer));
  const at = bits.findIndex((word, i) => word !== others[i]);
  if (at >= 0)
    throw new ParityError(
      what,
      `the bits of the first run, ${whole[at]} at element ${at}`,
      again[at],
      'look for a race, an unwritten value, a sum added after its loop, or a window that begins in the wrong place',
    );
}
