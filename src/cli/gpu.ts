import { type Gpu, requestGpu } from '../gpu/device';
import { openDawn } from './dawn';

/** Dawn's device with the adapter's full limits; the adapter is the one the launcher's environment points at. */
export function openGpu(): Promise<Gpu> {
  return requestGpu(openDawn());
}
