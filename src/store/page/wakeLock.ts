import type { LabStore } from '../labStore';
import { activeRun } from '../runsSlice';

/**
 * Keeps the screen awake while a run trains. A lock is released by the browser when the tab is hidden and refused while it is, so
 * it is asked for again whenever the tab comes back. Not being granted one is no error: training goes on.
 */
export function keepAwakeWhileTraining(store: LabStore, page: Document, wakeLock: WakeLock | undefined): () => void {
  let sentinel: WakeLockSentinel | undefined;
  const training = () => activeRun(store.getState())?.summary.status === 'training';
  const update = async () => {
    if (!wakeLock) return;
    if (training() && page.visibilityState === 'visible' && (!sentinel || sentinel.released))
      sentinel = await wakeLock.request('screen').catch(() => undefined);
    if (!training() && sentinel) {
      await sentinel.release();
      sentinel = undefined;
    }
  };
  let wasTraining = false;
  const unsubscribe = store.subscribe(() => {
    if (training() === wasTraining) return;
    wasTraining = training();
    void update();
  });
  page.addEventListener('visibilitychange', update);
  return () => {
    unsubscribe();
    page.removeEventListener('visibilitychange', update);
    void sentinel?.release();
  };
}
