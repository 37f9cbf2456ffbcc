import type { RunPlan } from '../../core/records';
import type { LabState } from '../../store/labStore';
import { activeRun, viewedRun } from '../../store/runsSlice';
import { Explain } from '../controls/Explain';
import { formatBytes, formatCount, formatDuration, formatFlops, formatInteger } from '../format';
import { useLab } from '../labContext';
import { MemoryPlan } from './MemoryPlan';

/** Parameters, memory by purpose, FLOPs and time of what the knobs say. */
export function PlanCard() {
  const plan = useLab(shownPlan);
  const problem = useLab((state) => state.planError);
  const adapter = useLab((state) => state.facts?.adapter);
  if (problem) return <p className="field-problem">{problem}</p>;
  if (!plan) return <p className="muted">Counted as soon as the GPU is open.</p>;
  const eta = adapter && plan.hardwareFlops / adapter.flopsPerSecond;
  return (
    <>
      <MemoryPlan plan={plan} />
      <dl className="facts">
        <Fact label="parameters" value={formatCount(plan.parameters)} />
        <div>
          <dt>
            largest binding <Explain id="binding" />
          </dt>
          <dd>
            {formatBytes(plan.largestBindingBytes)}
            {adapter && <span className="muted"> of {formatBytes(adapter.limits.maxStorageBufferBindingSize)}</span>}
          </dd>
        </div>
        <Fact label="steps" value={formatInteger(plan.steps)} />
        <div>
          <dt>
            training FLOPs <Explain id="flops" />
          </dt>
          <dd>{formatFlops(plan.flops)}</dd>
        </div>
        {eta !== undefined && (
          <div>
            <dt>
              time, about <Explain id="eta" />
            </dt>
            <dd>{formatDuration(eta)}</dd>
          </div>
        )}
      </dl>
    </>
  );
}

/** The active run's own plan while the knobs say the same, else the draft's; the viewed run's where no GPU can plan. */
function shownPlan(state: LabState): RunPlan | undefined {
  const active = activeRun(state);
  if (active && !state.pendingChanges().length) return active.summary.plan;
  if (state.plan || state.planError || state.phase === 'open') return state.plan;
  return viewedRun(state)?.summary.plan;
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
