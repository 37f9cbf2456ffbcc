import { scaleLinear, scaleLog } from 'd3-scale';

export interface FigureLine {
  label: string;
  /** Index of the line's colour; runs of one arm share it. */
  group: number;
  x: readonly number[];
  y: readonly number[];
}

export interface FigureOptions {
  title: string;
  x: string;
  y: string;
  logX: boolean;
}

const WIDTH = 520;
const HEIGHT = 300;
const MARGIN = { top: 28, right: 12, bottom: 40, left: 54 };

/** Line colours of both themes, by class `.g0` to `.g7`; dashes tell them apart without colour. */
export const GROUP_COLOURS = ['#2166ac', '#b2182b', '#1b7837', '#762a83', '#8c510a', '#4d4d4d', '#c51b7d', '#01665e'];
const DASHES = ['', '6 3', '2 3', '8 3 2 3', '', '6 3', '2 3', '8 3 2 3'];

/** A static chart as SVG text: every run thin, so that the spread over seeds is what one sees. */
export function lineFigure(lines: readonly FigureLine[], { title, x, y, logX }: FigureOptions): string {
  const points = lines.flatMap((line) => line.x.map((value, i) => [value, line.y[i]] as const)).filter(isDrawable(logX));
  if (points.length === 0) return '';
  const across = (logX ? scaleLog() : scaleLinear()).domain(extent(points.map(([value]) => value)));
  const up = scaleLinear().domain(extent(points.map(([, value]) => value)));
  across.range([MARGIN.left, WIDTH - MARGIN.right]);
  up.range([HEIGHT - MARGIN.bottom, MARGIN.top]).nice(5);
  const ticksX = logX ? decimated(across.ticks(), 9) : across.ticks(5);
  const bottom = HEIGHT - MARGIN.bottom;
  const axis = [
    ...up.ticks(5).map((tick) => {
      const at = round(up(tick));
      return `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}"/><text x="${MARGIN.left - 6}" y="${at + 4}" text-anchor="end">${short(tick)}</text>`;
    }),
    ...ticksX.map((tick) => `<text x="${round(across(tick))}" y="${bottom + 16}" text-anchor="middle">${short(tick)}</text>`),
  ];
  const paths = lines.map(({ label, group, x: xs, y: ys }) => {
    const shown = xs.map((value, i) => [value, ys[i]] as const).filter(isDrawable(logX));
    const path = shown.map(([a, b], i) => `${i ? 'L' : 'M'}${round(across(a))} ${round(up(b))}`).join('');
    return `<path class="g${group % GROUP_COLOURS.length}" stroke-dasharray="${DASHES[group % DASHES.length]}" d="${path}"><title>${escapeXml(label)}</title></path>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeXml(title)}"><text class="title" x="${MARGIN.left}" y="16">${escapeXml(title)}</text>${axis.join('')}<line class="axis" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${bottom}" y2="${bottom}"/><text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escapeXml(x)}</text><text transform="translate(13 ${(MARGIN.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeXml(y)}</text>${paths.join('')}</svg>`;
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const isDrawable = (logX: boolean) => (point: readonly [number, number]) =>
  point.every(Number.isFinite) && (!logX || point[0] > 0);

function extent(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

/** At most `count` ticks, evenly left out. */
function decimated(ticks: readonly number[], count: number): number[] {
  const every = Math.ceil(ticks.length / count);
  return ticks.filter((_, i) => i % every === 0);
}

const round = (value: number) => Math.round(value * 10) / 10;

function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e7 || (size > 0 && size < 1e-3)) return value.toExponential(0);
  if (size >= 1e4) return `${value / 1000}k`;
  return String(Number(value.toPrecision(4)));
}
