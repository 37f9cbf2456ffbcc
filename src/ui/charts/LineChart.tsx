import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { throttle, useLabStore } from '../labContext';
import { alignSeries, type ChartModel } from './chartModel';
import { type ChartScales, chartOptions } from './chartOptions';
import { onThemeChange } from './theme';

interface LineChartProps {
  /** Reads the store and says what to draw; called outside React, a few times a second while training. */
  model: () => ChartModel;
  scales: ChartScales;
  /** Spoken name of the picture. */
  label: string;
  /** Charts with one key share their cursor. */
  syncKey?: string;
}

const REDRAW_MS = 200;

/**
 * A live uPlot chart. It subscribes to the store itself and redraws at most five times a second; a zoom by dragging survives every
 * redraw and ends with a double click.
 */
export function LineChart({ model, scales, label, syncKey }: LineChartProps) {
  const store = useLabStore();
  const frame = useRef<HTMLDivElement>(null);
  const latest = useRef(model);
  latest.current = model;
  const redraw = useRef<() => void>(() => {});
  const { logX, logY, xLabel, yLabel, formatX } = scales;

  useEffect(() => {
    const host = frame.current;
    if (!host) return;
    let plot: uPlot | undefined;
    let shape = '';
    let zoomed = false;
    let current: ChartModel = { series: [], marks: [] };

    const dataOf = (from: number, to: number) => alignSeries(positive(current, logX).series, from, to);
    const draw = () => {
      current = latest.current();
      const nextShape = current.series
        .map(({ label, color, opacity, dash }) => `${label}|${color}|${opacity}|${dash}`)
        .join('\n');
      if (!plot || nextShape !== shape) {
        const range = zoomed && plot ? { x: { ...plot.scales.x }, y: { ...plot.scales.y } } : undefined;
        plot?.destroy();
        shape = nextShape;
        plot = new uPlot(build(), dataOf(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY), host);
        if (range) restore(plot, range);
        return;
      }
      const { min, max } = plot.scales.x;
      if (zoomed && min != null && max != null) {
        plot.setData(dataOf(min, max), false);
        plot.redraw(true, true);
      } else plot.setData(dataOf(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY));
    };
    const build = () =>
      chartOptions({
        scales: { logX, logY, xLabel, yLabel, formatX },
        series: current.series,
        current: () => current,
        width: host.clientWidth,
        height: host.clientHeight,
        syncKey,
        onZoom: (isZoomed) => {
          zoomed = isZoomed;
          live();
        },
      });
    const live = throttle(draw, REDRAW_MS);
    redraw.current = live;
    const recolour = () => {
      shape = '';
      live();
    };

    live.now();
    const unsubscribe = store.subscribe(live);
    const stopTheme = onThemeChange(recolour);
    const observer = new ResizeObserver(() => plot?.setSize({ width: host.clientWidth, height: host.clientHeight }));
    observer.observe(host);
    return () => {
      unsubscribe();
      stopTheme();
      observer.disconnect();
      live.cancel();
      plot?.destroy();
    };
  }, [store, logX, logY, xLabel, yLabel, formatX, syncKey]);

  // Choices that are props rather than store state reach the chart here.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the model closure changes exactly when those choices do.
  useEffect(() => redraw.current(), [model]);

  return <div ref={frame} className="line-chart" role="img" aria-label={label} />;
}

/** A log axis has no place for zero and below. */
function positive(model: ChartModel, logX: boolean): ChartModel {
  if (!logX) return model;
  const series = model.series.map((curve) => {
    const keep = Array.from({ length: curve.x.length }, (_, i) => i).filter((i) => curve.x[i] > 0);
    return { ...curve, x: keep.map((i) => curve.x[i]), y: keep.map((i) => curve.y[i]) };
  });
  return { ...model, series };
}

function restore(plot: uPlot, range: Record<'x' | 'y', uPlot.Scale>): void {
  for (const key of ['x', 'y'] as const) {
    const { min, max } = range[key];
    if (min != null && max != null) plot.setScale(key, { min, max });
  }
}
