import { useState } from 'react';
import type { StepProfile } from '../../core/profile';
import { type ProfiledStep, profileObstacle } from '../../store/profileSlice';
import { DataTable } from '../charts/DataTable';
import { Panel } from '../charts/Panel';
import { Explain } from '../controls/Explain';
import { formatInteger, formatSignificant } from '../format';
import { useLab } from '../labContext';
import { KernelTable } from './KernelTable';
import { figuresTable, kernelTable, timelineTable } from './profileTables';
import { Roofline } from './Roofline';
import { StepBar } from './StepBar';
import { StepFigures } from './StepFigures';
import { PHASES, type Phase, phaseTime } from './stepTimeline';
import '../styles/performance.css';

/** Where a training step's time goes on this adapter, and how near each kernel comes to what the adapter can do. */
export default function PerformanceTab() {
  const profiled = useLab((state) => state.profiled);
  return (
    <div className="performance">
      <ProfileHead profiled={profiled} />
      {profiled ? (
        <ProfileView profiled={profiled} />
      ) : (
        <p className="panel empty">
          A profile times one training step kernel by kernel: where the time goes, how fast each kernel computes and moves bytes,
          and how near it comes to the adapter’s measured limits. The run’s weights stay as they are.
        </p>
      )}
    </div>
  );
}

function ProfileHead({ profiled }: { profiled: ProfiledStep | undefined }) {
  const obstacle = useLab(profileObstacle);
  const profiling = useLab((state) => state.profiling);
  const profile = useLab((state) => state.profile);
  return (
    <p className="performance-head">
      <button
        type="button"
        className="primary"
        data-testid="profile"
        disabled={obstacle !== undefined || profiling}
        aria-describedby="profile-state"
        onClick={profile}
      >
        Profile a step
      </button>
      <span id="profile-state" role="status">
        {profiling ? 'Timing a step, kernel by kernel…' : (obstacle ?? (profiled && <Subject profiled={profiled} />))}
      </span>
    </p>
  );
}

/** What the numbers below are of. */
function Subject({ profiled: { runName, step, profile } }: { profiled: ProfiledStep }) {
  return (
    <>
      <b>{runName}</b> after step {formatInteger(step)}: {formatInteger(profile.tokens)} tokens in rows of{' '}
      {formatInteger(profile.sequenceLength)}, timed by{' '}
      {profile.clock === 'timestamps'
        ? 'the GPU’s own clock'
        : 'the wall clock, which adds the way to the GPU and back to every kernel'}
    </>
  );
}

function ProfileView({ profiled: { profile } }: { profiled: ProfiledStep }) {
  const [phase, setPhase] = useState<Phase>();
  /** The kernel under the pointer or the bar's cursor, shown in all three pictures. */
  const [kernel, setKernel] = useState<string>();
  return (
    <>
      <Panel
        title="One training step"
        explain="stepProfile"
        tools={
          <>
            <PhaseToggle label="whole step" pressed={phase === undefined} onClick={() => setPhase(undefined)} />
            {PHASES.filter((each) => phaseTime(profile, each) > 0).map((each) => (
              <PhaseToggle key={each} label={each} pressed={phase === each} onClick={() => setPhase(each)} />
            ))}
          </>
        }
      >
        <StepFigures profile={profile} />
        <StepBar profile={profile} phase={phase} kernel={kernel} onKernel={setKernel} />
        <DataTable name="step" title="Figures" testId="step-table" {...figuresTable(profile)} />
        <DataTable name="step-timeline" title="Timeline" testId="timeline-table" {...timelineTable(profile)} />
      </Panel>
      <Panel title="Kernels" explain="kernels">
        <KernelTable profile={profile} kernel={kernel} onKernel={setKernel} />
        <DataTable name="kernels" testId="kernels-table" {...kernelTable(profile)} />
      </Panel>
      <Panel title="Roofline" explain="roofline" readout={<MeasuredPeak profile={profile} />}>
        <Roofline profile={profile} kernel={kernel} onKernel={setKernel} />
      </Panel>
    </>
  );
}

function MeasuredPeak({ profile: { peak } }: { profile: StepProfile }) {
  return (
    <span>
      measured here: <b>{formatSignificant(peak.fmaGflopsPerSecond)}</b> GFLOP/s (level),{' '}
      <b>{formatSignificant(peak.copyGigabytesPerSecond)}</b> GB/s (slope) <Explain id="adapterPeak" />
    </span>
  );
}

function PhaseToggle({ label, pressed, onClick }: { label: string; pressed: boolean; onClick(): void }) {
  return (
    <button type="button" className="toggle" aria-pressed={pressed} onClick={onClick}>
      {label}
    </button>
  );
}
