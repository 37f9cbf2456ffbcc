import { expose } from 'comlink';
import type { AssetReader } from '../core/ports';
import { LabSession } from '../session/labSession';
import { TuningDatabase } from './tuningDatabase';

/** Longest that tuning keeps a first run waiting, unless the page says otherwise. */
const TUNING_BUDGET_MS = 20_000;

/** The browser's ports round the session: its GPU, assets over HTTP from where the page lies, and what it remembers of adapters. */
expose(
  new LabSession({
    gpu: navigator.gpu,
    createAssets: fetchedAssets,
    // The user agent names the browser's version, and with it that of its WebGPU.
    tuning: { cache: new TuningDatabase(), runtime: navigator.userAgent, budgetMs: TUNING_BUDGET_MS },
  }),
);

function fetchedAssets(base: string): AssetReader {
  return {
    async read(path) {
      const response = await fetch(new URL(path, base));
      if (!response.ok) throw new Error(`loading ${path}: expected the file, got status ${response.status}; reload the page`);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}
