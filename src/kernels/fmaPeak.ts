import { type Dispatch, linearWorkgroups } from './dispatch';
import { BYTES_PER_ELEMENT, expectShape, type Tensor } from './tensor';

/** Independent chains of a thread: enough to hide a multiply-add's latency, few enough for registers. */
export const FMA_CHAINS = 8;

/** Every chain halves its distance to this value at each iteration, and has reached it long before 1,000. */
export const FMA_FIXED_POINT = 2;

/** Nothing but multiply-adds in registers: `y` (threads, 4) becomes FMA_CHAINS · FMA_FIXED_POINT everywhere. */
export function fmaPeak(y: Tensor, iterations: number): Dispatch {
  const [threads] = y.shape;
  expectShape('fma_peak', 'y', y, [threads, 4]);
  return {
    label: `fma_peak.vec4[${threads}x${iterations}]`,
    shader: 'fma_peak',
    constants: { CHAINS: FMA_CHAINS },
    tensors: { y },
    params: { threads, iterations, multiplier: 0.5, addend: FMA_FIXED_POINT / 2 },
    workgroups: linearWorkgroups(threads),
    flops: 2 * 4 * FMA_CHAINS * threads * iterations,
    bytes: 4 * BYTES_PER_ELEMENT * threads,
  };
}
