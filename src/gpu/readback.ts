import { DeviceLostError } from './errors';

/** Waits until a staging buffer can be read. Mapping one of the lab's own buffers fails only when the device is gone. */
export async function mapForReading(buffer: GPUBuffer, operation: string): Promise<void> {
  try {
    await buffer.mapAsync(GPUMapMode.READ);
  } catch (error) {
    throw new DeviceLostError(operation, 'a mapped buffer', (error as Error).message, 'continue from the last checkpoint');
  }
}
