/**
 * Colours of the attention heat map, as pure functions of the value so that a pixel can be recomputed from the table:
 *
 * - mass, log scale: viridis at t = clamp((log10(mass) + 3) / 3), so 0.001 and below is the darkest and 1 the brightest colour;
 * - mass, linear scale: viridis at t = mass;
 * - change: red to blue (RdBu) at t = clamp(0.5 - change / (2 limit)) reversed to blue = less, red = more, white = no change.
 *
 * t picks the nearest of 256 colours. The scales do not depend on the data (only `limit` of the change does, and it is shown), so
 * colours of different steps, runs and forks can be compared.
 */
import { interpolateRdBu, interpolateViridis } from 'd3-scale-chromatic';

export type Rgb = readonly [red: number, green: number, blue: number];
export type MassScale = 'log' | 'linear';

/** Decades of mass that the log scale spreads over its colours. */
export const LOG_DECADES = 3;

const VIRIDIS = colorTable(interpolateViridis);
const BLUE_TO_RED = colorTable((t) => interpolateRdBu(1 - t));

/** Place of a mass in 0 .. 1 on the colour scale. */
export function massPosition(mass: number, scale: MassScale): number {
  if (scale === 'linear') return clamp(mass);
  return mass > 0 ? clamp(1 + Math.log10(mass) / LOG_DECADES) : 0;
}

export function massColor(mass: number, scale: MassScale): Rgb {
  return pick(VIRIDIS, massPosition(mass, scale));
}

/** @param limit change that gets the full colour, above 0 */
export function changeColor(change: number, limit: number): Rgb {
  return pick(BLUE_TO_RED, clamp(0.5 + change / (2 * limit)));
}

/** The smallest of 0.01, 0.02, 0.05, 0.1 … 1 that holds every change, so that the scale rests while values drift. */
export function changeLimit(changes: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < changes.length; i++) largest = Math.max(largest, Math.abs(changes[i]));
  return [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((limit) => largest <= limit) ?? 1;
}

function colorTable(interpolate: (t: number) => string): Rgb[] {
  return Array.from({ length: 256 }, (_, i) => parseColor(interpolate(i / 255)));
}

function parseColor(text: string): Rgb {
  if (text.startsWith('#')) {
    const value = Number.parseInt(text.slice(1), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  }
  const [red, green, blue] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

function pick(table: readonly Rgb[], t: number): Rgb {
  return table[Math.round(t * 255)];
}

function clamp(t: number): number {
  return Math.min(Math.max(t, 0), 1);
}
