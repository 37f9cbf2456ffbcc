import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { inspectGpu } from './store/gpuGate';
import { createLabStore } from './store/labStore';
import { watchVisibility } from './store/pageVisibility';
import { keepAwakeWhileTraining } from './store/wakeLock';
import { App } from './ui/App';
import { LabProvider } from './ui/labContext';
import './ui/styles/index.css';
import { spawnLab } from './worker/client';

const assetsBase = new URL('./', document.baseURI).href;

const store = createLabStore({
  assetsBase,
  inspectGpu: () => inspectGpu({ isSecureContext: window.isSecureContext, gpu: navigator.gpu }),
  spawnLab,
  async fetchRecorded() {
    const response = await fetch(new URL('recorded/extend-base.json', assetsBase));
    // A single-page server answers a missing file with the page itself.
    const found = response.ok && response.headers.get('content-type')?.includes('json');
    return found ? await response.json() : undefined;
  },
  readHash: () => location.hash,
  writeHash: (hash) => history.replaceState(null, '', hash),
});

watchVisibility(store, document, () => performance.now());
keepAwakeWhileTraining(store, document, navigator.wakeLock);
window.addEventListener('hashchange', () => store.getState().followLink());
window.addEventListener('unhandledrejection', (event) => store.getState().report('unexpected', event.reason));

const root = document.getElementById('root');
if (!root) throw new Error('index.html: expected an element with id root');
createRoot(root).render(
  <StrictMode>
    <LabProvider value={store}>
      <App />
    </LabProvider>
  </StrictMode>,
);
void store.getState().boot();
