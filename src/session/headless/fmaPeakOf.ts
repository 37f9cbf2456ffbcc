import type { Gpu } from '../../gpu/device';
import { PipelineCache } from '../../gpu/pipelines';
import { measureAdapterPeak } from '../bench/adapterPeak';

/** Multiply-adds an adapter can do, in GFLOP/s. */
export async function fmaPeakOf(gpu: Gpu): Promise<number> {
  return (await measureAdapterPeak(gpu, new PipelineCache(gpu.device))).fmaGflopsPerSecond;
}
