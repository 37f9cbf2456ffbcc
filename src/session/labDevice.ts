import { type Gpu, requestGpu } from '../gpu/device';
import type { DeviceLostError } from '../gpu/errors';
import { PipelineCache } from '../gpu/pipelines';

/** A device and the kernels compiled for it. */
export interface OpenDevice {
  gpu: Gpu;
  pipelines: PipelineCache;
}

/** The session's one device: asked for when first needed, and again after a loss. */
export class LabDevice {
  private opening: Promise<OpenDevice> | undefined;

  constructor(
    private readonly source: GPU | undefined,
    private readonly onLost: (error: DeviceLostError) => void,
  ) {}

  open(): Promise<OpenDevice> {
    if (!this.opening) {
      const opening = this.request();
      this.opening = opening;
      opening.catch(() => this.forget(opening));
    }
    return this.opening;
  }

  private async request(): Promise<OpenDevice> {
    const gpu = await requestGpu(this.source);
    const { opening } = this;
    void gpu.lost.then((error) => {
      this.forget(opening);
      this.onLost(error);
    });
    return { gpu, pipelines: new PipelineCache(gpu.device) };
  }

  private forget(opening: Promise<OpenDevice> | undefined): void {
    if (this.opening === opening) this.opening = undefined;
  }
}
