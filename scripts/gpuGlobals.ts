import { openDawn } from '../src/cli/dawn';

/** Setup of the GPU tests: gives Node the `navigator.gpu` that a page has, so that the same tests run in both. */
const gpu = openDawn();
if (globalThis.navigator) Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
else Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
