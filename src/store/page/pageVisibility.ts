import type { LabStore } from '../labStore';
import { activeRun } from '../runsSlice';

/** Tells the store for how long the tab was hidden in the middle of training. */
export function watchVisibility(store: LabStore, page: Document, now: () => number): () => void {
  let since: number | undefined;
  const changed = () => {
    const training = activeRun(store.getState())?.summary.status === 'training';
    if (page.visibilityState === 'hidden') since = training ? now() : undefined;
    else if (since !== undefined) store.getState().noteHidden((now() - since) / 1000);
  };
  page.addEventListener('visibilitychange', changed);
  return () => page.removeEventListener('visibilitychange', changed);
}
