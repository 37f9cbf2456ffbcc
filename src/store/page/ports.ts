import type { LabClient } from '../../worker/client';
import type { GateReport } from './gpuGate';

/** What the store needs from the page it lives in; tests inject their own. */
export interface StorePorts {
  /** Absolute URL under which the page's assets lie, with a final slash. */
  assetsBase: string;
  inspectGpu(): Promise<GateReport>;
  spawnLab(): LabClient;
  /** A JSON file among the page's assets, parsed; undefined where there is none. */
  fetchJson(path: string): Promise<unknown>;
  /** The part of the address after `#`. */
  readHash(): string;
  /** What the page's address says of tuning, in seconds; undefined leaves it to the lab. */
  tuningSeconds?: number;
  writeHash(hash: string): void;
}
