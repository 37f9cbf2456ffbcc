import { GATE_MESSAGES } from '../../store/page/gpuGate';
import { activeRun } from '../../store/runsSlice';
import { useLab } from '../labContext';

/** Conditions of the whole page that outlast a single error. */
export function Banners() {
  return (
    <>
      <Fallback />
      <SoftwareAdapter />
      <DeviceLost />
      <HiddenTab />
    </>
  );
}

/** No GPU to train on: the cause, what to do, and what still works. */
function Fallback() {
  const cause = useLab((state) => (state.phase === 'blocked' ? state.gate.cause : undefined));
  const recorded = useLab((state) => state.runOrder.length > 0);
  const restart = useLab((state) => state.restart);
  if (!cause) return null;
  const { title, text, advice } = GATE_MESSAGES[cause];
  return (
    <section className="banner banner-fallback" data-testid="fallback" data-cause={cause} aria-label="No GPU">
      <div>
        <h2>{title}</h2>
        <p>{text}</p>
        <p>
          {recorded
            ? 'Training is off. The recorded run below is real: its plots, the knobs’ arithmetic and the theory tab all work.'
            : 'Training is off. The knobs’ arithmetic and the theory tab work without a GPU.'}
        </p>
      </div>
      <div>
        <ul>
          {advice.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        {(cause === 'open-failed' || cause === 'no-worker-gpu') && (
          <p className="banner-actions">
            <button type="button" onClick={restart}>
              Try again
            </button>
          </p>
        )}
      </div>
    </section>
  );
}

function SoftwareAdapter() {
  const adapter = useLab((state) => state.facts?.adapter);
  if (!adapter?.isSoftware) return null;
  return (
    <p className="banner banner-note">
      <b>{adapter.name}</b> emulates a GPU on the processor: results are the same, but about a hundred times slower than a
      graphics card.
    </p>
  );
}

function DeviceLost() {
  const lost = useLab((state) => state.deviceLost);
  const busy = useLab((state) => state.busy !== undefined);
  const recover = useLab((state) => state.recover);
  const restart = useLab((state) => state.restart);
  if (!lost) return null;
  return (
    <section className="banner banner-error" role="alert">
      <h2>The GPU was lost</h2>
      <p>{lost.message}</p>
      <p className="banner-actions">
        <button type="button" className="primary" disabled={busy} onClick={recover}>
          {lost.checkpointStep === undefined ? 'Open the GPU again' : `Continue from step ${lost.checkpointStep}`}
        </button>
        <button type="button" onClick={restart}>
          Restart the lab
        </button>
      </p>
    </section>
  );
}

/** Browsers slow hidden tabs; said on return, because nobody reads a hidden one. */
function HiddenTab() {
  const hidden = useLab((state) => state.hiddenSeconds);
  const training = useLab((state) => activeRun(state)?.summary.status === 'training');
  const dismiss = useLab((state) => state.forgetHidden);
  if (!training || hidden < 30) return null;
  return (
    <p className="banner banner-note">
      This tab was hidden for {Math.round(hidden)} s while training; browsers slow hidden tabs down. A window of its own keeps the
      pace.
      <button type="button" className="quiet" onClick={dismiss}>
        OK
      </button>
    </p>
  );
}
