import type { ReactNode } from 'react';
import { curriculumSteps, stageAtStep } from '../../core/curriculum';
import type { RunSummary, StepRecord } from '../../core/records';
import type { Preparing } from '../../store/labSlice';
import type { LabState } from '../../store/labStore';
import { activeRun, viewedRun } from '../../store/runsSlice';
import { Explain } from '../controls/Explain';
import { formatBytes, formatCount, formatDuration, formatFlops, formatInteger, formatLoss } from '../format';
import { useLab, useLabThrottled } from '../labContext';

interface ProgressFacts {
  name: string;
  recorded: boolean;
  step: number;
  steps: number;
  last: StepRecord | undefined;
  etaSeconds: number | undefined;
  stage: string;
  sequenceLength: number | undefined;
  /** Training, but still at the probes that come before the first step. */
  probing: boolean;
}

/** The bar and the line of numbers under it: work that comes before training, the active run, or the recorded one until there is one. */
export function Progress() {
  const preparing = useLabThrottled((state) => state.preparing);
  const tuning = useLabThrottled((state) => state.tuning);
  const skipTuning = useLab((state) => state.skipTuning);
  const facts = useLabThrottled(progressFacts);
  if (tuning)
    return (
      <WorkLine name="tuning kernels for this adapter, once" work={tuning}>
        <Explain id="tuning" />
        <button type="button" className="link" data-testid="skip-tuning" onClick={skipTuning}>
          Skip
        </button>
      </WorkLine>
    );
  if (preparing) return <WorkLine name="preparing" work={preparing} />;
  if (!facts)
    return (
      <div className="progress">
        <p>No run yet. Train starts the recipe.</p>
        <PlanLine />
      </div>
    );
  const { name, recorded, step, steps, last, etaSeconds, stage, sequenceLength } = facts;
  return (
    <div className="progress">
      <progress value={step} max={steps} aria-label={`Progress of ${name}`} />
      <p>
        {recorded && <span className="badge badge-recorded">recorded</span>} <span className="run-name">{name}</span>
        <span>
          step <b data-testid="progress-step">{step}</b> / {formatInteger(steps)}
        </span>
        <span>
          {stage} T <b data-testid="sequence-length">{sequenceLength ?? '–'}</b>
        </span>
        <span>
          loss <b>{formatLoss(last?.loss)}</b>
        </span>
        <span>
          <b>{last ? formatCount(last.tokensPerSecond) : '–'}</b> tok/s <Explain id="tokensPerSecond" />
        </span>
        <span>
          lr <b>{last ? last.learningRate.toExponential(2) : '–'}</b>
        </span>
        <span>
          ‖g‖ <b>{last && Number.isFinite(last.gradNorm) ? last.gradNorm.toFixed(2) : '–'}</b> <Explain id="gradNorm" />
        </span>
        {facts.probing && <span>first measurements, before any step</span>}
        {etaSeconds !== undefined && step < steps && (
          <span>
            ETA <b>{formatDuration(etaSeconds)}</b> <Explain id="eta" />
          </span>
        )}
      </p>
      {recorded && <PlanLine />}
    </div>
  );
}

function WorkLine({ name, work, children }: { name: string; work: Preparing; children?: ReactNode }) {
  return (
    <div className="progress">
      <progress value={work.done} max={work.total} aria-label={name} />
      <p>
        <span>
          {name}: {work.what}
        </span>
        <span>
          <b>{work.done}</b> of {work.total}
        </span>
        {children}
      </p>
    </div>
  );
}

/** What pressing Train would take, in one line; the column on the left has it in full. */
function PlanLine() {
  const plan = useLab((state) => state.plan);
  const rate = useLab((state) => state.facts?.adapter.flopsPerSecond);
  if (!plan || !rate) return null;
  return (
    <p>
      <span>Train would take:</span>
      <span>
        <b>{formatCount(plan.parameters)}</b> parameters
      </span>
      <span>
        <b>{formatBytes(plan.totalBytes)}</b> of GPU memory
      </span>
      <span>
        <b>{formatFlops(plan.flops)}</b>
      </span>
      <span>
        about <b>{formatDuration(plan.hardwareFlops / rate)}</b> <Explain id="eta" />
      </span>
    </p>
  );
}

function progressFacts(state: LabState): ProgressFacts | undefined {
  const run = activeRun(state) ?? viewedRun(state);
  if (!run) return undefined;
  const { summary, series, origin } = run;
  const stages = curriculumSteps(summary.recipe.curriculum);
  const last = series.lastStep;
  const step = last?.step ?? summary.start.step;
  const stage = last ? last.stage : stageAtStep(stages, step).stage;
  return {
    name: summary.name,
    recorded: origin === 'recorded',
    step,
    steps: lastStepOf(summary),
    last,
    etaSeconds: origin === 'session' ? remainingSeconds(state, summary, last) : undefined,
    stage: `stage ${stage + 1}/${stages.length}`,
    probing: summary.status === 'training' && !last,
    sequenceLength: last?.sequenceLength ?? stageAtStep(stages, step).sequenceLength,
  };
}

/** A child run counts on from its fork point. */
function lastStepOf({ plan, start }: RunSummary): number {
  return Math.max(plan.steps, start.step);
}

/** FLOPs left over the rate of the last step, or over the adapter's measured rate before there is one. */
function remainingSeconds(state: LabState, { plan, start }: RunSummary, last: StepRecord | undefined): number | undefined {
  const step = last?.step ?? start.step;
  let before = 0;
  let left = 0;
  let costNow = plan.stages[0]?.hardwareFlopsPerStep ?? 0;
  for (const stage of plan.stages) {
    const done = Math.min(Math.max(step - before, 0), stage.steps);
    if (last && last.sequenceLength === stage.sequenceLength) costNow = stage.hardwareFlopsPerStep;
    left += (stage.steps - done) * stage.hardwareFlopsPerStep;
    before += stage.steps;
  }
  const rate = last ? costNow / (last.stepMs / 1000) : state.facts?.adapter.flopsPerSecond;
  return rate ? left / rate : undefined;
}
