import { useState } from 'react';
import type { LabState } from '../../store/labStore';
import { activeRun } from '../../store/runsSlice';
import { sweptFields } from '../../store/sweepSlice';
import type { ChartModel, ChartSeries } from '../charts/chartModel';
import type { TableData } from '../charts/csv';
import { LineChart } from '../charts/LineChart';
import { TASK_LABELS } from '../charts/RetrievalPanel';
import { TableTwin } from '../charts/TableTwin';
import { Explain } from '../controls/Explain';
import { formatInteger } from '../format';
import { useLab, useLabStore } from '../labContext';

/** The loaded weights under other values of the base or the factor, before any training: seconds instead of a fork. */
export function SweepPanel() {
  const store = useLabStore();
  const open = useLab((state) => state.phase === 'open');
  const sweeping = useLab((state) => state.sweeping);
  const sweep = useLab((state) => state.sweep);
  const start = useLab((state) => state.sweepEncoding);
  const rope = useLab((state) => (activeRun(state)?.recipe ?? state.draft).rope_parameters);
  const fields = sweptFields(rope);
  const [name, setName] = useState<string>();
  const chosen = fields.find((field) => field.name === name) ?? fields[0];
  return (
    <section className="panel" aria-label="Training-free sweep">
      <header className="panel-head">
        <h2>These weights under another encoding, untrained</h2>
        <Explain id="sweep" />
        <div className="panel-tools">
          {chosen && (
            <select aria-label="Swept parameter" value={chosen.name} onChange={(event) => setName(event.target.value)}>
              {fields.map((field) => (
                <option key={field.name} value={field.name}>
                  {field.label}
                </option>
              ))}
            </select>
          )}
          <button type="button" disabled={!open || sweeping || !chosen} onClick={() => chosen && void start(chosen.name)}>
            {sweeping ? `Sweeping… ${sweep?.scores.length ?? 0} of ${sweep?.values.length ?? 9}` : 'Sweep'}
          </button>
        </div>
      </header>
      <div className="panel-readout">
        {sweep ? (
          <span>
            {sweep.field.label} of {sweep.runName} at step {formatInteger(sweep.step)}
          </span>
        ) : (
          <span className="muted">
            {!open
              ? 'Needs a GPU.'
              : chosen
                ? 'On the active run, or on what the knobs start from.'
                : 'This encoding has nothing to sweep.'}
          </span>
        )}
      </div>
      {sweep && (
        <>
          <LineChart
            model={() => sweepModel(store.getState())}
            scales={{ logX: true, logY: false, xLabel: sweep.field.label, yLabel: 'nats per token', formatX: formatInteger }}
            label={`Losses against ${sweep.field.label}; values are in the table below`}
          />
          <TableTwin name="encoding-sweep" testId="sweep-table" table={sweepTable} />
        </>
      )}
    </section>
  );
}

/** What is drawn of each value: name and number. */
function measuresOf({ losses, answers }: NonNullable<LabState['sweep']>['scores'][number]): [name: string, value: number][] {
  return [
    ...losses.map(({ kind, loss }): [string, number] => [`val_${kind}`, loss]),
    ...answers.map(({ task, score }): [string, number] => [`${TASK_LABELS[task]}, answer`, score.loss]),
  ];
}

const COLOURS = ['--run-0', '--run-1', '--run-2', '--run-3', '--run-4'];

function sweepModel({ sweep }: LabState): ChartModel {
  if (!sweep?.scores.length) return { series: [], marks: [] };
  const names = measuresOf(sweep.scores[0]).map(([name]) => name);
  const series = names.map(
    (label, i): ChartSeries => ({
      label,
      x: sweep.values.slice(0, sweep.scores.length),
      y: sweep.scores.map((scores) => measuresOf(scores)[i][1]),
      color: COLOURS[i % COLOURS.length],
      points: true,
      dash: i ? [2 + 3 * i, 3] : undefined,
    }),
  );
  return { series, marks: [] };
}

function sweepTable({ sweep }: LabState): TableData {
  if (!sweep?.scores.length) return { columns: ['value'], rows: [] };
  return {
    columns: [sweep.field.name, ...measuresOf(sweep.scores[0]).map(([name]) => name)],
    rows: sweep.scores.map((scores, i) => [sweep.values[i], ...measuresOf(scores).map(([, value]) => value)]),
  };
}
