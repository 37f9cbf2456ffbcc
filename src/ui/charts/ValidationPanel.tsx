import type { XAxis } from '../../store/runSeries';
import { viewedRun } from '../../store/runsSlice';
import { formatDifference, formatDuration, formatLoss, formatTick } from '../format';
import { useLab, useLabStore, useLabThrottled } from '../labContext';
import type { ChartScales } from './chartOptions';
import { LineChart } from './LineChart';
import { latestValidation, validationModel, validationTable } from './models/validationModel';
import { Panel } from './Panel';
import { TableTwin } from './TableTwin';

const AXES: Record<XAxis, { label: string; format: (value: number) => string }> = {
  tokens: { label: 'tokens', format: formatTick },
  steps: { label: 'step', format: formatTick },
  flops: { label: 'training FLOPs', format: formatTick },
  time: { label: 'training time', format: formatDuration },
};

const SMOOTHINGS = [0, 4, 8, 16, 32, 64];

/** Validation and training loss of all runs. */
export function ValidationPanel() {
  const store = useLabStore();
  const xAxis = useLab((state) => state.xAxis);
  const logX = useLab((state) => state.logX);
  const logY = useLab((state) => state.logY);
  const scales: ChartScales = { logX, logY, xLabel: AXES[xAxis].label, yLabel: 'nats per token', formatX: AXES[xAxis].format };
  return (
    <Panel title="Validation loss" explain="validation" tools={<ValidationTools />} readout={<ValidationReadout />}>
      <LineChart
        model={() => validationModel(store.getState())}
        scales={scales}
        label="Validation and training loss over the run; values are in the table below"
      />
      <TableTwin name="validation" testId="val-chart-table" table={validationTable} />
    </Panel>
  );
}

function ValidationTools() {
  const xAxis = useLab((state) => state.xAxis);
  const logX = useLab((state) => state.logX);
  const logY = useLab((state) => state.logY);
  const perSource = useLab((state) => state.perSource);
  const smoothing = useLab((state) => state.smoothingSteps);
  const select = useLab((state) => state.select);
  return (
    <>
      <select aria-label="Horizontal axis" value={xAxis} onChange={(event) => select({ xAxis: event.target.value as XAxis })}>
        <option value="tokens">tokens</option>
        <option value="steps">steps</option>
        <option value="flops">FLOPs</option>
        <option value="time">time</option>
      </select>
      <select
        aria-label="Smoothing half-life of the training loss"
        title="Smoothing half-life of the training loss, in steps"
        value={smoothing}
        onChange={(event) => select({ smoothingSteps: Number(event.target.value) })}
      >
        {SMOOTHINGS.map((steps) => (
          <option key={steps} value={steps}>
            {steps ? `smooth ${steps}` : 'raw'}
          </option>
        ))}
      </select>
      <button type="button" className="toggle" aria-pressed={logX} onClick={() => select({ logX: !logX })}>
        log x
      </button>
      <button type="button" className="toggle" aria-pressed={logY} onClick={() => select({ logY: !logY })}>
        log y
      </button>
      <button type="button" className="toggle" aria-pressed={perSource} onClick={() => select({ perSource: !perSource })}>
        per source
      </button>
    </>
  );
}

function ValidationReadout() {
  const { short, long, training } = useLabThrottled((state) => ({
    short: latestValidation(state, 'short'),
    long: latestValidation(state, 'long'),
    training: viewedRun(state)?.series.lastStep?.loss,
  }));
  return (
    <>
      <Value name="val_long" latest={long} line="solid" />
      <Value name="val_short" latest={short} line="dashed" />
      <span>
        <i className="key key-train" /> training <b>{formatLoss(training)}</b>
      </span>
    </>
  );
}

type Latest = ReturnType<typeof latestValidation>;

function Value({ name, latest, line }: { name: string; latest: Latest; line: 'solid' | 'dashed' }) {
  return (
    <span>
      <i className={`key key-${line}`} /> {name} <b>{formatLoss(latest?.loss)}</b>
      {latest && <span className="muted"> T {latest.length}</span>}
      {latest?.difference !== undefined && <span className="muted"> Δ {formatDifference(latest.difference, 4)}</span>}
    </span>
  );
}
