import { proxy, type Remote, wrap } from 'comlink';
import type { LabApi } from './protocol';

/** The lab in its worker, as the page holds it. */
export interface LabClient {
  api: LabApi;
  /** The last resort against a worker that does not answer: ends it and rejects every call still under way. */
  terminate(): void;
}

/**
 * Starts a worker and wraps it. A worker that fails to load or dies never answers, so each call races with its end; otherwise
 * the page would wait for ever.
 */
export function spawnLab(): LabClient {
  const worker = new Worker(new URL('./lab.worker.ts', import.meta.url), { type: 'module', name: 'ropewalk' });
  const remote = wrap<LabApi>(worker);
  let end: (reason: Error) => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  // Someone always listens, so that an end between two calls is no unhandled rejection.
  ended.catch(() => {});
  worker.addEventListener('error', (event) => {
    end(new Error(`the lab's worker stopped: ${event.message || 'its script could not be loaded'}; restart the lab`));
  });
  return {
    api: overWorker(remote, ended),
    terminate() {
      worker.terminate();
      end(new Error('the lab was restarted; runs of the old worker can be viewed but not continued'));
    },
  };
}

/** Callbacks cross as comlink proxies; everything else is cloned. */
function overWorker(remote: Remote<LabApi>, ended: Promise<never>): LabApi {
  const until = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, ended]);
  return {
    open: (assetsBase, onEvent, options) => until(remote.open(assetsBase, proxy(onEvent), options)),
    plan: (recipe) => until(remote.plan(recipe)),
    create: (recipe) => until(remote.create(recipe)),
    train: () => until(remote.train()),
    pause: () => until(remote.pause()),
    step: () => until(remote.step()),
    reset: () => until(remote.reset()),
    applyLive: (changes) => until(remote.applyLive(changes)),
    fork: (recipe, options) => until(remote.fork(recipe, options)),
    activate: (runId) => until(remote.activate(runId)),
    skipTuning: () => until(remote.skipTuning()),
    profile: () => until(remote.profile()),
    probe: () => until(remote.probe()),
    intervene: (intervention) => until(remote.intervene(intervention)),
    sweepEncodings: (encodings, onScores) => until(remote.sweepEncodings(encodings, proxy(onScores))),
    generate: (options, onText) => until(remote.generate(options, proxy(onText))),
    cancelGenerate: () => until(remote.cancelGenerate()),
    addSource: (name, files, onProgress) => until(remote.addSource(name, files, proxy(onProgress))),
    recover: () => until(remote.recover()),
  };
}
