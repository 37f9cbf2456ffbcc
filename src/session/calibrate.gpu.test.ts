import { afterAll, expect, it } from 'vitest';
import { requestGpu } from '../gpu/device';
import { PipelineCache } from '../gpu/pipelines';
import { defaultVariants } from '../kernels/families';
import { COMMON_MODEL } from './bench/commonStep';
import { measureRates } from './calibrate';

const gpu = await requestGpu(navigator.gpu);
afterAll(() => gpu.device.destroy());

it('measures every kernel of a step at work: the gradient of keys, too, walks the queries that see them', async () => {
  const variants = defaultVariants(gpu.facts, COMMON_MODEL);
  const { flopsPerSecond, otherFlopsPerSecond } = await measureRates(
    gpu,
    new PipelineCache(gpu.device),
    COMMON_MODEL,
    variants,
    false,
  );
  for (const rate of Object.values(flopsPerSecond)) expect(rate).toBeGreaterThanOrEqual(otherFlopsPerSecond);
  // A kernel that finds nothing to do would seem a hundred times as fast, and would then never be cut.
  expect(flopsPerSecond.flash_backward_dkv).toBeLessThan(20 * flopsPerSecond.flash_backward_dq);
});
