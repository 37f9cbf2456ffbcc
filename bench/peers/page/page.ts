import type { ModelConfig } from '../../../src/core/modelConfig';
import { adapterName, type Gpu, requestGpu } from '../../../src/gpu/device';
import { PipelineCache } from '../../../src/gpu/pipelines';
import { measureAdapterPeak } from '../../../src/session/bench/adapterPeak';
import { COMMON_MODEL } from '../../../src/session/bench/commonStep';
import { countGpuCalls, type GpuCounters } from '../../../src/session/bench/gpuCounters';
import { commonProblem } from '../libraries/commonProblem';
import { NotRunnable, type OpenStep } from '../libraries/peer';
import { PEERS, type PeerName } from '../libraries/registry';
import { WatchedDevices } from './watchedDevices';

/** Calls to WebGPU that one step makes. */
const COUNTED = ['dispatches', 'submits', 'buffersCreated', 'maps'] as const satisfies (keyof GpuCounters)[];

/** One step: its loss, its time until the GPU was done with all of it, and what it asked of WebGPU. */
export type StepSample = Record<(typeof COUNTED)[number], number> & {
  loss: number;
  ms: number;
  /** Largest sum of live GPU buffers since the page was opened. */
  peakBytes: number;
};

export interface Opened {
  version: string;
  flops?: number;
  /** Why the library cannot run on this adapter, where it cannot. */
  notRunnable?: string;
}

export interface Adapter {
  name: string;
  isSoftware: boolean;
}

export interface AdapterWithPeak extends Adapter {
  fmaGflopsPerSecond: number;
}

/** What the runner may call in a page, which serves one purpose only: to describe the adapter, or to run one library at one length. */
export class PeerPage {
  private opened: OpenStep | undefined;

  private constructor(
    private readonly counters: GpuCounters,
    private readonly devices: WatchedDevices,
  ) {}

  /** Wraps WebGPU before any library is loaded. */
  static async create(): Promise<PeerPage> {
    const { device } = await requestGpu(navigator.gpu);
    const counters = countGpuCalls(device);
    device.destroy();
    return new PeerPage(counters, new WatchedDevices());
  }

  async model(): Promise<ModelConfig> {
    return COMMON_MODEL;
  }

  async adapter(): Promise<Adapter> {
    return describe(await requestGpu(navigator.gpu));
  }

  async adapterWithPeak(): Promise<AdapterWithPeak> {
    const gpu = await requestGpu(navigator.gpu);
    const { fmaGflopsPerSecond } = await measureAdapterPeak(gpu, new PipelineCache(gpu.device));
    return { ...describe(gpu), fmaGflopsPerSecond };
  }

  async open(name: PeerName, length: number): Promise<Opened> {
    const { version, open } = await PEERS[name]();
    try {
      this.opened = await this.devices.finish(open(commonProblem(length)));
      return { version, flops: this.opened.flops };
    } catch (error) {
      if (error instanceof NotRunnable) return { version, notRunnable: error.message };
      throw error;
    }
  }

  async step(): Promise<StepSample> {
    const before = { ...this.counters };
    const started = performance.now();
    const loss = await this.devices.finish(this.opened!.step());
    const ms = performance.now() - started;
    const calls = COUNTED.map((counter) => [counter, this.counters[counter] - before[counter]]);
    return { loss, ms, peakBytes: this.counters.peakBytes, ...Object.fromEntries(calls) };
  }
}

function describe({ facts }: Gpu): Adapter {
  return { name: adapterName(facts), isSoftware: facts.isSoftware };
}

declare global {
  /** Rejected where the browser offers no adapter. */
  var peerPage: Promise<PeerPage>;
}

globalThis.peerPage = PeerPage.create();
