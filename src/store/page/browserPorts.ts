import { spawnLab } from '../../worker/client';
import { inspectGpu } from './gpuGate';
import type { StorePorts } from './ports';

/** The store's ports in a real page: its address, its GPU, its worker, and the files that lie beside it. */
export function browserPorts(page: Window): StorePorts {
  const assetsBase = new URL('./', page.document.baseURI).href;
  return {
    assetsBase,
    inspectGpu: () => inspectGpu({ isSecureContext: page.isSecureContext, gpu: page.navigator.gpu }),
    spawnLab,
    async fetchJson(path) {
      const response = await fetch(new URL(path, assetsBase));
      // A development server answers a missing file with the page itself.
      const found = response.ok && response.headers.get('content-type')?.includes('json');
      return found ? await response.json() : undefined;
    },
    readHash: () => page.location.hash,
    tuningSeconds: tuningSeconds(page.location.search),
    writeHash: (hash) => page.history.replaceState(null, '', hash),
  };
}

/** `?tuning=off` or `?tuning=SECONDS`. */
export function tuningSeconds(search: string): number | undefined {
  const text = new URLSearchParams(search).get('tuning');
  if (text === 'off') return 0;
  const seconds = Number(text || Number.NaN);
  return seconds >= 0 ? seconds : undefined;
}
