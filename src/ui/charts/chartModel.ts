import type { AlignedData } from 'uplot';
import { type Curve, decimate } from './decimate';

export interface ChartSeries extends Curve {
  label: string;
  /** CSS colour; read from the theme when it is a custom property name such as `--run-0`. */
  color: string;
  width?: number;
  dash?: number[];
  /** Opacity of the line, 0 to 1. */
  opacity?: number;
  points?: boolean;
  /** Half the height of an error bar at each point, in units of y. */
  error?: ArrayLike<number>;
}

/** A vertical line with a word beside it: a stage switch, the base's length. */
export interface ChartMark {
  x: number;
  label: string;
}

export interface ChartModel {
  series: ChartSeries[];
  marks: ChartMark[];
}

/** Points per curve that survive decimation: about two per pixel of a wide panel. */
const BUCKETS = 400;

/**
 * Curves with their own x values on one shared, sorted x axis, as uPlot wants them; null where a curve has no point. Decimated to the
 * visible range first, so a million steps cost what a screen shows.
 */
export function alignSeries(series: readonly Curve[], from: number, to: number): AlignedData {
  const kept = series.map((curve) => decimate(curve, from, to, BUCKETS));
  const xs = [...new Set(kept.flatMap((indices, s) => indices.map((i) => series[s].x[i])))].sort((a, b) => a - b);
  const place = new Map(xs.map((x, i) => [x, i]));
  const columns = kept.map((indices, s) => {
    const column: (number | null)[] = new Array(xs.length).fill(null);
    for (const i of indices) {
      const y = series[s].y[i];
      column[place.get(series[s].x[i]) ?? 0] = Number.isFinite(y) ? y : null;
    }
    return column;
  });
  return [xs, ...columns];
}
