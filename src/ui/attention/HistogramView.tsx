import { useEffect, useMemo, useRef, useState } from 'react';
import { formatDifference, formatNumber } from '../format';
import { useLab } from '../labContext';
import { type AttentionView, binLabel, binStart, headName, histogramChange } from './attentionView';
import { ColorLegend } from './ColorLegend';
import { changeLimit } from './colorMap';
import { Heatmap } from './Heatmap';

/** Columns of numbers beside the heat map, per head and for a uniform one. */
const STATISTICS = [
  { key: 'meanDistance', label: 'dist', title: 'Mean distance in tokens, all keys' },
  { key: 'meanDistanceWithoutFirst', label: 'dist*', title: 'Mean distance in tokens without the document’s first token' },
  { key: 'entropy', label: 'H', title: 'Entropy in nats' },
  { key: 'firstTokenMass', label: 'first', title: 'Mean mass on the document’s first token' },
] as const;

const LABEL_WIDTH = 46;
const STATISTIC_WIDTH = 44;
/** Up to this many heads every row is tall enough for its name; more scroll or shrink. */
const NAMED_ROWS = 32;
const ROW_HEIGHTS = { named: 12, min: 6, max: 22 };

/** Rows are heads, columns are log2 bins of distance; a uniform head stands below. */
export function HistogramView({ view }: { view: AttentionView }) {
  const { record, first } = view;
  const { mode, scale } = useLab((state) => state.attention);
  const hovered = useLab((state) => state.hoveredHead);
  const locked = useLab((state) => state.lockedHead);
  const hoverHead = useLab((state) => state.hoverHead);
  const lockHead = useLab((state) => state.lockHead);
  const [cell, setCell] = useState<{ row: number; column: number }>();
  const { ref, width, height } = useSize();

  const rows = record.layers * record.heads;
  const values = useMemo(() => (mode === 'mass' ? record.histogram : histogramChange(record, first)), [record, first, mode]);
  const limit = useMemo(() => (mode === 'change' ? changeLimit(values) : 1), [values, mode]);
  const ratio = window.devicePixelRatio || 1;
  const statistics = width > 460 ? STATISTICS : width > 340 ? STATISTICS.slice(0, 2) : [];
  const free = width - LABEL_WIDTH - statistics.length * STATISTIC_WIDTH - 8;
  const cellWidth = Math.max(4, Math.floor((Math.max(free, 120) * ratio) / record.bins));
  const lowest = rows <= NAMED_ROWS ? ROW_HEIGHTS.named : ROW_HEIGHTS.min;
  const rowHeight = Math.min(Math.max(Math.floor((height - 70) / (rows + 1)), lowest), ROW_HEIGHTS.max);
  const cellHeight = Math.round(rowHeight * ratio);
  const showLabels = rowHeight >= ROW_HEIGHTS.named;
  const shared = { columns: record.bins, cellWidth, cellHeight, scale, limit, step: record.step };
  const isAt = (address: typeof locked, row: number) =>
    address !== undefined && address.layer * record.heads + address.head === row;

  return (
    <div ref={ref} className="histogram-view" style={{ '--row-height': `${cellHeight / ratio}px` } as React.CSSProperties}>
      <div className="histogram-grid">
        <div className="histogram-labels">
          <span className="histogram-axis" />
          {Array.from({ length: rows }, (_, row) => {
            const name = headName(Math.floor(row / record.heads), row % record.heads);
            return (
              <button
                key={name}
                type="button"
                className={`head-name${isAt(hovered, row) ? ' hovered' : ''}${row % record.heads ? '' : ' first-head'}`}
                aria-pressed={isAt(locked, row)}
                onPointerEnter={() => hoverHead({ layer: Math.floor(row / record.heads), head: row % record.heads })}
                onPointerLeave={() => hoverHead(undefined)}
                onClick={() => lockHead({ layer: Math.floor(row / record.heads), head: row % record.heads })}
              >
                {showLabels ? name : <span className="visually-hidden">{name}</span>}
              </button>
            );
          })}
          <span className="head-name uniform-name">uniform</span>
        </div>
        <div className="histogram-cells">
          <div className="histogram-axis" aria-hidden="true" style={{ width: (record.bins * cellWidth) / ratio }}>
            {Array.from({ length: record.bins }, (_, bin) => (
              <span key={binStart(bin)}>{bin % 2 && cellWidth / ratio < 26 ? '' : binStart(bin)}</span>
            ))}
          </div>
          <Heatmap
            {...shared}
            values={values}
            rows={rows}
            mode={mode}
            testId="attention-heatmap"
            label={`Attention ${mode} per head and log2 distance at step ${record.step}; values are in the table below`}
            onHover={(at) => {
              setCell(at);
              hoverHead(at && { layer: Math.floor(at.row / record.heads), head: at.row % record.heads });
            }}
            onPick={(row) => lockHead({ layer: Math.floor(row / record.heads), head: row % record.heads })}
          />
          {mode === 'mass' && (
            <Heatmap
              {...shared}
              values={record.uniform.histogram}
              rows={1}
              mode="mass"
              label="The same for a head that attends evenly"
            />
          )}
        </div>
        {statistics.map(({ key, label, title }) => (
          <div key={key} className="histogram-statistic">
            <span className="histogram-axis" title={title}>
              {label}
            </span>
            {Array.from({ length: rows }, (_, row) => (
              <span key={headName(Math.floor(row / record.heads), row % record.heads)} className="statistic">
                {!showLabels
                  ? ''
                  : mode === 'mass' || key === 'entropy'
                    ? shown(record[key][row])
                    : difference(record[key][row], first[key][row])}
              </span>
            ))}
            <span className="statistic uniform-name">{shown(record.uniform[key])}</span>
          </div>
        ))}
      </div>
      <ColorLegend mode={mode} scale={scale} limit={limit} />
      <p className="cell-readout" aria-hidden="true">
        {cell
          ? `${headName(Math.floor(cell.row / record.heads), cell.row % record.heads)}, distance ${binLabel(cell.column)}: ${
              mode === 'mass'
                ? formatNumber(values[cell.row * record.bins + cell.column])
                : formatDifference(values[cell.row * record.bins + cell.column], 4)
            }`
          : 'columns: distance in tokens (log2 bins)'}
      </p>
    </div>
  );
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function difference(value: number, from: number): string {
  const change = value - from;
  return formatDifference(change, Math.abs(change) >= 10 ? 0 : Math.abs(change) >= 1 ? 1 : 2);
}

function useSize() {
  const ref = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 520, height: 300 });
  useEffect(() => {
    if (!ref.current) return;
    const observer = new ResizeObserver(([entry]) =>
      setSize({ width: entry.contentRect.width, height: entry.contentRect.height }),
    );
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return { ref, ...size };
}
