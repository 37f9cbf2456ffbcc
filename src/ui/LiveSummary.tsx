import { activeRun, currentStep } from '../store/runsSlice';
import { formatLoss } from './format';
import { useLabThrottled } from './labContext';

const SPOKEN_EVERY_MS = 10_000;

/** What a screen reader hears of a training run: one sentence every ten seconds. */
export function LiveSummary() {
  const text = useLabThrottled((state) => {
    const run = activeRun(state);
    if (!run) return '';
    const last = run.series.lastStep;
    const long = run.series.validationsOf('long').at(-1);
    return `Run ${run.summary.name} is ${run.summary.status} at step ${currentStep(run)}, training loss ${formatLoss(last?.loss)}${long ? `, val_long ${formatLoss(long.loss)}` : ''}.`;
  }, SPOKEN_EVERY_MS);
  return (
    <p className="visually-hidden" aria-live="polite">
      {text}
    </p>
  );
}
