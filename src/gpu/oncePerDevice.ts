import type { Gpu } from './device';

/** A measurement that is taken once per device, whoever asks and how often. One that failed is taken again. */
export function oncePerDevice<A extends unknown[], T>(
  measure: (gpu: Gpu, ...rest: A) => Promise<T>,
): (gpu: Gpu, ...rest: A) => Promise<T> {
  const taken = new WeakMap<GPUDevice, Promise<T>>();
  return (gpu, ...rest) => {
    const known = taken.get(gpu.device);
    if (known) return known;
    const taking = measure(gpu, ...rest);
    taken.set(gpu.device, taking);
    taking.catch(() => taken.delete(gpu.device));
    return taking;
  };
}
