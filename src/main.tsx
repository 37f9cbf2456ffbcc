import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createLabStore } from './store/labStore';
import { browserPorts } from './store/page/browserPorts';
import { watchVisibility } from './store/page/pageVisibility';
import { keepAwakeWhileTraining } from './store/page/wakeLock';
import { App } from './ui/App';
import { LabProvider } from './ui/labContext';
import './ui/styles/index.css';

const store = createLabStore(browserPorts(window));

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
