import { scaleLinear, scaleLog } from 'd3-scale';
import { useMemo } from 'react';
import { cosineSum, decayCurve, firstNegativeDistance } from '../../core/ropeTheory';
import { DataTable } from '../charts/DataTable';
import { decimate } from '../charts/decimate';
import { formatInteger } from '../format';

interface DecayPlotProps {
  /** A(m) is B(m) times 2 / sqrt(d); B(m) is drawn near its zero. */
  quantity: 'A' | 'B';
  theta: Float64Array;
  /** What pair j's score is multiplied by per position, where the chosen encoding does so. */
  decay?: Float64Array;
  plain: Float64Array;
  base: number;
  target: number;
}

const WIDTH = 560;
const HEIGHT = 260;
const MARGIN = { left: 44, right: 14, top: 12, bottom: 34 };
/** Slices of the log axis; each keeps its extremes. */
const BUCKETS = 260;
const MAX_DISTANCES = 16_384;

interface Points {
  distances: number[];
  values: number[];
}

/** A curve over distance on a log axis, for the chosen encoding and for plain RoPE with base 10,000. */
export function DecayPlot({ quantity, theta, decay, plain, base, target }: DecayPlotProps) {
  const curves = useMemo(() => {
    const all = distancesTo(target * 2);
    const curve = (frequencies: Float64Array, decays?: Float64Array): Points => {
      const values =
        quantity === 'A'
          ? decayCurve(frequencies, all, decays)
          : Float64Array.from(all, (m) => cosineSum(frequencies, m, decays));
      const kept = decimate({ x: all.map(Math.log), y: values }, 0, Number.POSITIVE_INFINITY, BUCKETS);
      return { distances: kept.map((i) => all[i]), values: kept.map((i) => values[i]) };
    };
    return { chosen: curve(theta, decay), plain: curve(plain) };
  }, [quantity, theta, decay, plain, target]);
  const x = scaleLog([1, target * 2], [MARGIN.left, WIDTH - MARGIN.right]);
  const low = Math.min(0, ...curves.chosen.values, ...curves.plain.values);
  const high = Math.max(...curves.chosen.values, ...curves.plain.values);
  const y = scaleLinear([low, high], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice();
  const path = ({ distances, values }: Points) =>
    `M${values.map((value, i) => `${x(distances[i]).toFixed(1)},${y(value).toFixed(1)}`).join('L')}`;
  return (
    <>
      {quantity === 'B' && <NegativeDistances theta={theta} decay={decay} plain={plain} target={target} />}
      <svg
        className="static-plot"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${quantity} of m over distance; values are in the table below`}
      >
        {y.ticks(5).map((tick) => (
          <g key={tick}>
            <line
              className={tick === 0 ? 'zero-line' : 'grid-line'}
              x1={MARGIN.left}
              x2={WIDTH - MARGIN.right}
              y1={y(tick)}
              y2={y(tick)}
            />
            <text x={MARGIN.left - 6} y={y(tick) + 4} textAnchor="end">
              {tick}
            </text>
          </g>
        ))}
        {powersOfFour(target * 2).map((tick) => (
          <text key={tick} x={x(tick)} y={HEIGHT - 18} textAnchor="middle">
            {formatInteger(tick)}
          </text>
        ))}
        {[base, target].map((length, i) => (
          <g key={length}>
            <line className="mark-line" x1={x(length)} x2={x(length)} y1={MARGIN.top} y2={HEIGHT - MARGIN.bottom} />
            <text x={x(length) - 4} y={MARGIN.top + 10} textAnchor="end">
              {i ? 'target' : 'base'}
            </text>
          </g>
        ))}
        <path className="curve plain" d={path(curves.plain)} />
        <path className="curve" d={path(curves.chosen)} />
        <text x={(MARGIN.left + WIDTH) / 2} y={HEIGHT - 4} textAnchor="middle">
          distance m in tokens (thin: plain RoPE, base 10,000)
        </text>
      </svg>
      <DataTable
        name={quantity === 'A' ? 'decay' : 'base-bound'}
        columns={['distance', quantity]}
        rows={curves.chosen.distances.map((m, i) => [m, curves.chosen.values[i]])}
      />
    </>
  );
}

function NegativeDistances({ theta, decay, plain, target }: Pick<DecayPlotProps, 'theta' | 'decay' | 'plain' | 'target'>) {
  const sentence = (frequencies: Float64Array, decays?: Float64Array) => {
    const distance = firstNegativeDistance(frequencies, target, decays);
    return distance === null ? `none up to ${formatInteger(target)}` : `m = ${formatInteger(distance)}`;
  };
  return (
    <p className="panel-readout">
      <span>
        first distance with B(m) &lt; 0: <b>{sentence(theta, decay)}</b>{' '}
        <span className="muted">plain RoPE {sentence(plain)}</span>
      </span>
    </p>
  );
}

/** Every distance from 1 to `last`, so that no oscillation is missed; evenly thinned past what a frame can count. */
function distancesTo(last: number): Float64Array {
  const stride = Math.max(1, Math.ceil(last / MAX_DISTANCES));
  return Float64Array.from({ length: Math.floor(last / stride) }, (_, i) => 1 + i * stride);
}

function powersOfFour(last: number): number[] {
  const ticks: number[] = [];
  for (let tick = 1; tick <= last; tick *= 4) ticks.push(tick);
  return ticks;
}
