import { activeRun, currentStep } from '../../store/runsSlice';
import { useLab, useLabThrottled } from '../labContext';
import { Progress } from './Progress';

/** Train, Pause, Step, Reset, Fork, and how far the run is: always on the screen. */
export function Transport() {
  const phase = useLab((state) => state.phase);
  const busy = useLab((state) => state.busy);
  const status = useLab((state) => activeRun(state)?.summary.status);
  const hasRun = useLab((state) => activeRun(state) !== undefined);
  const draftError = useLab((state) => state.draftError);
  const train = useLab((state) => state.train);
  const pause = useLab((state) => state.pause);
  const step = useLab((state) => state.step);
  const reset = useLab((state) => state.reset);
  const showDialog = useLab((state) => state.showDialog);
  const at = useLabThrottled((state) => {
    const run = activeRun(state);
    return run ? currentStep(run) : 0;
  });
  const ready = phase === 'open' && busy === undefined;
  const training = status === 'training';
  // A draft that does not hold together blocks only what would use it.
  const mayStart = ready && !training && (hasRun || draftError === undefined);
  return (
    <section className="transport" aria-label="Training">
      <div className="transport-buttons">
        <button type="button" className="primary" data-testid="train" disabled={!mayStart} title="Train (space)" onClick={train}>
          Train
        </button>
        <button type="button" data-testid="pause" disabled={!training} title="Pause (space)" onClick={pause}>
          Pause
        </button>
        <button type="button" data-testid="step" disabled={!mayStart} title="One step (s)" onClick={step}>
          Step
        </button>
        <button
          type="button"
          data-testid="reset"
          disabled={!ready || !hasRun}
          title="Back to the run’s start, as a new run"
          onClick={reset}
        >
          Reset
        </button>
        <button
          type="button"
          data-testid="fork-open"
          disabled={!ready || !hasRun || draftError !== undefined}
          title="Fork (f)"
          onClick={() => showDialog('fork')}
        >
          Fork{hasRun && <span className="fork-step"> from step {at}</span>}
        </button>
      </div>
      <Progress />
    </section>
  );
}
