import type { LabStore } from '../store/labStore';
import { activeRun, viewedRun } from '../store/runsSlice';

/** Single keys for the main controls, except while something that takes text has the focus or a dialog is open. */
export function handleShortcut(store: LabStore, event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || takesKeys(event)) return;
  const state = store.getState();
  if (state.dialog) return;
  const canTrain = state.phase === 'open';
  const status = activeRun(state)?.summary.status;
  switch (event.key) {
    case ' ':
      if (canTrain) void (status === 'training' ? state.pause() : state.train());
      break;
    case 's':
      if (canTrain && status !== 'training') void state.step();
      break;
    case 'b':
      if (state.viewedId !== undefined) state.pin(state.viewedId);
      break;
    case 'f':
      if (activeRun(state)) state.showDialog('fork');
      break;
    case '?':
      state.showDialog('help');
      break;
    case '[':
    case ']': {
      const count = viewedRun(state)?.series.attention.length ?? 0;
      if (count) {
        const at = (state.attention.record ?? count - 1) + (event.key === '[' ? -1 : 1);
        state.selectAttention({ record: at >= count ? undefined : Math.max(at, 0) });
      }
      break;
    }
    default:
      return;
  }
  event.preventDefault();
}

/** Text fields take every key; buttons, links, sliders and disclosures take the space bar. */
function takesKeys(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : undefined;
  if (target?.closest('input:not([type=range]), textarea, select, [contenteditable], [role=menu], [role=dialog]')) return true;
  return event.key === ' ' && target?.closest('button, a, summary, input, [role=tab]') != null;
}
