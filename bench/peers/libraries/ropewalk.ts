import { version } from '../../../package.json';
import { requestGpu } from '../../../src/gpu/device';
import { PipelineCache } from '../../../src/gpu/pipelines';
import { CommonStep } from '../../../src/session/bench/commonStep';
import type { Peer } from './peer';

/** This repository's own step, the code that `lab bench` runs. */
export const ropewalk: Peer = {
  version,
  async open({ length }) {
    const gpu = await requestGpu(navigator.gpu);
    const step = await CommonStep.open(gpu, new PipelineCache(gpu.device), length);
    return { flops: step.flops, step: async () => (await step.run()).loss };
  },
};
