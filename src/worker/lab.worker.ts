import { expose } from 'comlink';
import type { AssetReader } from '../core/ports';
import { LabSession } from '../session/labSession';

/** The browser's ports round the session: its GPU, and assets over HTTP from where the page lies. */
expose(new LabSession({ gpu: navigator.gpu, createAssets: fetchedAssets }));

function fetchedAssets(base: string): AssetReader {
  return {
    async read(path) {
      const response = await fetch(new URL(path, base));
      if (!response.ok) throw new Error(`loading ${path}: expected the file, got status ${response.status}; reload the page`);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}
