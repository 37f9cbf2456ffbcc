import { scaleLog, scaleSqrt } from 'd3-scale';
import { useMemo } from 'react';
import type { StepProfile } from '../../core/profile';
import { formatPercent, formatSignificant, formatTick } from '../format';
import { FAMILY_COLORS } from './operationFamily';
import { placeLabels, rooflineModel } from './roofline';

interface RooflineProps {
  profile: StepProfile;
  kernel: string | undefined;
  onKernel(kernel: string | undefined): void;
}

const WIDTH = 440;
const HEIGHT = 340;
const MARGIN = { left: 40, right: 14, top: 18, bottom: 34 };
const LETTER = { width: 5.4, height: 10 };
/** Slowest kernels that get their name beside the dot. */
const NAMED = 6;

/** FLOP per byte against GFLOP/s, both logarithmic: a dot per kernel, as large as its share of the time, under the adapter's two roofs. */
export function Roofline({ profile, kernel, onKernel }: RooflineProps) {
  const model = useMemo(() => rooflineModel(profile), [profile]);
  const { peak } = profile;
  const { points, ridge, intensities, rates, leftOut } = model;
  const x = scaleLog(intensities, [MARGIN.left, WIDTH - MARGIN.right]);
  const y = scaleLog(rates, [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const radius = scaleSqrt([0, 1], [2.5, 18]);
  /** Intensity at which the sloping roof enters the picture from the left or from below. */
  const start = Math.max(intensities[0], rates[0] / peak.copyGigabytesPerSecond);
  const dots = points.map((point) => ({
    ...point,
    text: point.kernel,
    x: x(point.intensity),
    y: y(point.gflopsPerSecond),
    radius: radius(point.share),
  }));
  const labels = placeLabels(dots, NAMED, { left: MARGIN.left, right: WIDTH - MARGIN.right }, LETTER);
  const pointed = dots.find((dot) => dot.kernel === kernel);
  return (
    <>
      <svg
        className="static-plot roofline"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label="GFLOP per second against FLOP per byte of each kernel, below the adapter’s peaks; values are in the kernels’ table"
      >
        {decades(rates).map((tick) => (
          <g key={tick}>
            <line className="grid-line" x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(tick)} y2={y(tick)} />
            <text x={MARGIN.left - 6} y={y(tick) + 3.5} textAnchor="end">
              {tickLabel(tick)}
            </text>
          </g>
        ))}
        {decades(intensities).map((tick) => (
          <g key={tick}>
            <line className="grid-line" x1={x(tick)} x2={x(tick)} y1={MARGIN.top} y2={HEIGHT - MARGIN.bottom} />
            <text x={x(tick)} y={HEIGHT - MARGIN.bottom + 14} textAnchor="middle">
              {tickLabel(tick)}
            </text>
          </g>
        ))}
        <path
          className="roof"
          d={`M${x(start)},${y(start * peak.copyGigabytesPerSecond)}L${x(ridge)},${y(peak.fmaGflopsPerSecond)}H${WIDTH - MARGIN.right}`}
        />
        {dots.map((dot) => (
          <circle
            key={dot.kernel}
            className={dot.kernel === kernel ? 'kernel-dot pointed' : 'kernel-dot'}
            cx={dot.x}
            cy={dot.y}
            r={dot.radius}
            style={{ '--family': `var(${FAMILY_COLORS[dot.family]})` } as React.CSSProperties}
            onPointerEnter={() => onKernel(dot.kernel)}
            onPointerLeave={() => onKernel(undefined)}
          >
            <title>{`${dot.kernel}: ${formatSignificant(dot.intensity)} FLOP/byte, ${formatSignificant(dot.gflopsPerSecond)} GFLOP/s, ${formatPercent(dot.share)} of the step`}</title>
          </circle>
        ))}
        {!pointed &&
          labels.map(({ text, x: left, y: middle }) => (
            <text key={text} className="dot-label" x={left} y={middle + 3.5}>
              {text}
            </text>
          ))}
        {pointed && (
          <text
            className="dot-label pointed"
            x={pointed.x < WIDTH / 2 ? pointed.x + pointed.radius + 4 : pointed.x - pointed.radius - 4}
            y={pointed.y + 3.5}
            textAnchor={pointed.x < WIDTH / 2 ? 'start' : 'end'}
          >
            {pointed.kernel}
          </text>
        )}
        <text x={MARGIN.left} y={MARGIN.top - 7}>
          GFLOP/s
        </text>
        <text x={(MARGIN.left + WIDTH - MARGIN.right) / 2} y={HEIGHT - 5} textAnchor="middle">
          FLOP per byte
        </text>
      </svg>
      {leftOut.length > 0 && <p className="hint">Without arithmetic, so not drawn: {leftOut.join(', ')}.</p>}
    </>
  );
}

function decades([low, high]: readonly [number, number]): number[] {
  const first = Math.round(Math.log10(low));
  return Array.from({ length: Math.round(Math.log10(high)) - first + 1 }, (_, i) => 10 ** (first + i));
}

/** 1e-4, 0.1, 10, 1k. */
function tickLabel(tick: number): string {
  if (tick >= 1) return formatTick(tick);
  return tick < 0.01 ? tick.toExponential(0) : tick.toPrecision(1);
}
