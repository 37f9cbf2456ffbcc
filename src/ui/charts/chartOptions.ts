import uPlot from 'uplot';
import { formatLoss, formatNumber } from '../format';
import type { ChartMark, ChartModel, ChartSeries } from './chartModel';
import { themeColor, withOpacity } from './theme';

export interface ChartScales {
  logX: boolean;
  logY: boolean;
  xLabel: string;
  yLabel: string;
  formatX: (value: number) => string;
}

interface ChartParts {
  scales: ChartScales;
  series: readonly ChartSeries[];
  /** Read when the chart is drawn: marks and error bars move without a new chart. */
  current: () => ChartModel;
  width: number;
  height: number;
  syncKey?: string;
  onZoom: (zoomed: boolean) => void;
}

const FONT = '11px system-ui, sans-serif';

export function chartOptions({ scales, series, current, width, height, syncKey, onZoom }: ChartParts): uPlot.Options {
  const ink = themeColor('--ink-muted');
  const grid = { stroke: themeColor('--grid'), width: 1 };
  const axis = { stroke: ink, font: FONT, labelFont: FONT, labelGap: 0, grid, ticks: { ...grid, size: 4 } };
  return {
    width: Math.max(width, 120),
    height: Math.max(height, 80),
    padding: [10, 14, 0, 0],
    legend: { show: false },
    focus: { alpha: 1 },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      points: { size: 5 },
      sync: syncKey ? { key: syncKey, scales: ['x', null] } : undefined,
    },
    scales: {
      x: { time: false, distr: scales.logX ? 3 : 1, log: 2, range: scales.logX ? tightLog : undefined },
      y: { distr: scales.logY ? 3 : 1, log: 10, range: scales.logY ? undefined : padded },
    },
    axes: [
      {
        ...axis,
        label: scales.xLabel,
        labelSize: 16,
        size: 26,
        space: 56,
        values: (_, splits) => splits.map((value) => (value == null ? '' : scales.formatX(value))),
      },
      {
        ...axis,
        label: scales.yLabel,
        labelSize: 16,
        size: 44,
        space: 28,
        values: (_, splits) => splits.map((value) => (value == null ? '' : formatNumber(value))),
      },
    ],
    series: [{ value: (_, value) => (value == null ? '–' : scales.formatX(value)) }, ...series.map(lineOf)],
    hooks: {
      // uPlot itself zooms out; the chart only has to know.
      ready: [(self) => self.over.addEventListener('dblclick', () => onZoom(false))],
      setSelect: [
        (self) => {
          const { left, width: selected } = self.select;
          if (selected < 3) return;
          self.setScale('x', { min: self.posToVal(left, 'x'), max: self.posToVal(left + selected, 'x') });
          self.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          onZoom(true);
        },
      ],
      draw: [
        (self) => {
          drawMarks(self, current().marks, ink);
          drawErrorBars(self, current().series);
        },
      ],
    },
    plugins: [tooltip(series, scales)],
  };
}

function lineOf({ label, color, width = 1.5, dash, opacity = 1, points = false }: ChartSeries): uPlot.Series {
  const stroke = withOpacity(themeColor(color), opacity);
  return {
    label,
    stroke,
    width,
    dash,
    spanGaps: true,
    points: { show: points, size: 5, fill: stroke, stroke },
  };
}

/** Five per cent of room above and below, and never a flat range. */
const padded: uPlot.Range.Function = (_, low, high) => {
  if (low == null || high == null || !Number.isFinite(low + high)) return [0, 1];
  const room = (high - low || Math.abs(high) * 0.1 || 1) * 0.06;
  return [low - room, high + room];
};

/** A log axis that ends where the data ends; uPlot's own would go on to the next power. */
const tightLog: uPlot.Range.Function = (_, low, high) => (low > 0 && high > low ? [low, high] : [1, 2]);

function drawMarks(self: uPlot, marks: readonly ChartMark[], ink: string): void {
  const { ctx, bbox } = self;
  ctx.save();
  ctx.strokeStyle = ink;
  ctx.fillStyle = ink;
  ctx.lineWidth = uPlot.pxRatio;
  ctx.font = `${10 * uPlot.pxRatio}px system-ui, sans-serif`;
  ctx.setLineDash([3 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
  for (const { x, label } of marks) {
    const at = Math.round(self.valToPos(x, 'x', true)) + 0.5;
    if (at < bbox.left || at > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
    const room = bbox.left + bbox.width - at > ctx.measureText(label).width + 8;
    ctx.textAlign = room ? 'left' : 'right';
    ctx.fillText(label, at + (room ? 4 : -4), bbox.top + 10 * uPlot.pxRatio);
  }
  ctx.restore();
}

function drawErrorBars(self: uPlot, series: readonly ChartSeries[]): void {
  const { ctx, bbox } = self;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = uPlot.pxRatio;
  for (const { x, y, error, color, opacity = 1 } of series) {
    if (!error) continue;
    ctx.strokeStyle = withOpacity(themeColor(color), opacity * 0.6);
    ctx.beginPath();
    for (let i = 0; i < x.length; i++) {
      const at = self.valToPos(x[i], 'x', true);
      ctx.moveTo(at, self.valToPos(y[i] - error[i], 'y', true));
      ctx.lineTo(at, self.valToPos(y[i] + error[i], 'y', true));
    }
    ctx.stroke();
  }
  ctx.restore();
}

/** The values under the cursor, in a small box that stays inside the plot. */
function tooltip(series: readonly ChartSeries[], scales: ChartScales): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'chart-tooltip';
  box.hidden = true;
  return {
    hooks: {
      init: [(self) => self.over.appendChild(box)],
      setCursor: [
        (self) => {
          const { idx, left = -1 } = self.cursor;
          box.hidden = idx == null || left < 0;
          if (idx == null || left < 0) return;
          const rows = series.flatMap(({ label, color }, i) => {
            const value = nearest(self.data[i + 1], idx);
            if (value == null || (self.series[i + 1].show ?? true) === false) return [];
            const row = document.createElement('div');
            const swatch = document.createElement('i');
            swatch.style.background = themeColor(color);
            row.append(swatch, `${label} `, Object.assign(document.createElement('b'), { textContent: formatLoss(value) }));
            return [row];
          });
          const head = document.createElement('div');
          head.textContent = `${scales.xLabel} ${scales.formatX(self.data[0][idx])}`;
          box.replaceChildren(head, ...rows.slice(0, 10));
          const onRight = left < self.over.clientWidth / 2;
          box.style.left = onRight ? `${left + 12}px` : 'auto';
          box.style.right = onRight ? 'auto' : `${self.over.clientWidth - left + 12}px`;
        },
      ],
    },
  };
}

/** Curves have points of their own: the value at the closest x, within a few points. */
function nearest(column: uPlot.AlignedData[number], index: number): number | null | undefined {
  for (let offset = 0; offset < 40; offset++) {
    if (column[index - offset] != null) return column[index - offset];
    if (column[index + offset] != null) return column[index + offset];
  }
  return undefined;
}
