import { viewedRun } from '../../store/runsSlice';
import { Explain } from '../controls/Explain';
import { formatBytes, formatCount, formatDuration, formatFlops, formatInteger } from '../format';
import { useLab } from '../labContext';

/** Parameters, memory by purpose, FLOPs and time of the draft; of the viewed run where no GPU can plan the draft. */
export function PlanCard() {
  const plan = useLab(
    (state) => state.plan ?? (state.planError || state.phase === 'open' ? undefined : viewedRun(state)?.summary.plan),
  );
  const problem = useLab((state) => state.planError);
  const adapter = useLab((state) => state.facts?.adapter);
  if (problem) return <p className="field-problem">{problem}</p>;
  if (!plan) return <p className="muted">Counted as soon as the GPU is open.</p>;
  const purposes = Object.entries(plan.bytes).filter(([, bytes]) => bytes > 0);
  const eta = adapter && plan.hardwareFlops / adapter.flopsPerSecond;
  return (
    <>
      <div className="memory-bar" aria-hidden="true">
        {purposes.map(([purpose, bytes], i) => (
          <span
            key={purpose}
            style={{ flexGrow: bytes, background: `var(--source-${i % 9})` }}
            title={`${purpose}: ${formatBytes(bytes)}`}
          />
        ))}
      </div>
      <table className="memory-rows">
        <caption className="visually-hidden">Predicted GPU memory by purpose</caption>
        <tbody>
          {purposes.map(([purpose, bytes], i) => (
            <tr key={purpose}>
              <th scope="row">
                <i className="swatch" style={{ background: `var(--source-${i % 9})` }} /> {purpose}
              </th>
              <td>{formatBytes(bytes)}</td>
            </tr>
          ))}
          <tr className="total">
            <th scope="row">all buffers</th>
            <td>{formatBytes(plan.totalBytes)}</td>
          </tr>
        </tbody>
      </table>
      <dl className="facts">
        <Fact label="parameters" value={formatCount(plan.parameters)} />
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

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
