import { scaleLinear, scaleLog } from 'd3-scale';
import { useMemo } from 'react';
import { cosineSum, decayCurve, firstNegativeDistance } from '../../core/ropeTheory';
import { formatCount, formatInteger } from '../format';
import { StaticTable } from './StaticTable';

interface DecayPlotProps {
  /** A(m) is B(m) times 2 / sqrt(d); B(m) is drawn near its zero. */
  quantity: 'A' | 'B';
  theta: Float64Array;
  plain: Float64Array;
  base: number;
  target: number;
}

const WIDTH = 560;
const HEIGHT = 260;
const MARGIN = { left: 44, right: 14, top: 12, bottom: 34 };
const POINTS = 400;

/** A curve over distance on a log axis, for the chosen encoding and for plain RoPE with base 10,000. */
export function DecayPlot({ quantity, theta, plain, base, target }: DecayPlotProps) {
  const distances = useMemo(() => spread(target * 2), [target]);
  const curves = useMemo(() => {
    const curve = (frequencies: Float64Array) =>
      quantity === 'A' ? decayCurve(frequencies, distances) : Float64Array.from(distances, (m) => cosineSum(frequencies, m));
    return { chosen: curve(theta), plain: curve(plain) };
  }, [quantity, theta, plain, distances]);
  const x = scaleLog([1, target * 2], [MARGIN.left, WIDTH - MARGIN.right]);
  const low = Math.min(0, ...curves.chosen, ...curves.plain);
  const high = Math.max(...curves.chosen, ...curves.plain);
  const y = scaleLinear([low, high], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice();
  const path = (values: Float64Array) =>
    `M${Array.from(values, (value, i) => `${x(distances[i]).toFixed(1)},${y(value).toFixed(1)}`).join('L')}`;
  return (
    <>
      {quantity === 'B' && <NegativeDistances theta={theta} plain={plain} target={target} />}
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
            {formatCount(tick)}
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
      <StaticTable
        name={quantity === 'A' ? 'decay' : 'base-bound'}
        columns={['distance', `${quantity}_chosen`, `${quantity}_plain`]}
        rows={distances.map((m, i) => [m, curves.chosen[i], curves.plain[i]])}
      />
    </>
  );
}

function NegativeDistances({ theta, plain, target }: Pick<DecayPlotProps, 'theta' | 'plain' | 'target'>) {
  const sentence = (frequencies: Float64Array) => {
    const distance = firstNegativeDistance(frequencies, target);
    return distance === null ? `none up to ${formatInteger(target)}` : `m = ${formatInteger(distance)}`;
  };
  return (
    <p className="panel-readout">
      <span>
        first distance with B(m) &lt; 0: <b>{sentence(theta)}</b> <span className="muted">plain RoPE {sentence(plain)}</span>
      </span>
    </p>
  );
}

/** Distances from 0 to `last`: every one while they are few, then evenly on a log axis. */
function spread(last: number): number[] {
  const values = new Set<number>();
  for (let i = 0; i <= POINTS; i++) values.add(Math.round(last ** (i / POINTS)));
  return [...values];
}

function powersOfFour(last: number): number[] {
  const ticks: number[] = [];
  for (let tick = 1; tick <= last; tick *= 4) ticks.push(tick);
  return ticks;
}
