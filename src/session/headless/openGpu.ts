import { type Gpu, requestGpu } from '../../gpu/device';

/** The device of a runner without a page, from the platform's own `navigator.gpu`: Dawn under Node. */
export function openGpu(source: GPU): Promise<Gpu> {
  return requestGpu(source);
}
