import { scaleLinear, scaleLog } from 'd3-scale';
import { wavelengths } from '../../core/ropeTheory';
import { DataTable } from '../charts/DataTable';
import { formatNumber, formatTick } from '../format';

interface WavelengthsProps {
  theta: Float64Array;
  plain: Float64Array;
  /** Lengths in tokens to mark. */
  base: number;
  target: number;
}

const WIDTH = 560;
const HEIGHT = 500;
const MARGIN = { left: 52, right: 70, top: 12, bottom: 34 };

/** One dot per rotary pair on a log axis; pairs that never complete a turn within the base's length lie in the shaded part. */
export function Wavelengths({ theta, plain, base, target }: WavelengthsProps) {
  const turns = wavelengths(theta);
  const before = wavelengths(plain);
  const x = scaleLinear([0, theta.length - 1 || 1], [MARGIN.left + 8, WIDTH - MARGIN.right]);
  const y = scaleLog(
    [4, Math.max(turns.at(-1) ?? 0, before.at(-1) ?? 0, target * 2)],
    [HEIGHT - MARGIN.bottom, MARGIN.top],
  ).nice();
  const incomplete = turns.filter((turn) => turn > base).length;
  return (
    <>
      <p className="panel-readout">
        <span>
          <b>{incomplete}</b> of {turns.length} pairs never complete a turn within the base’s {base} tokens;{' '}
          <b>{turns.filter((turn) => turn > target).length}</b> within {target}.
        </span>
      </p>
      <svg
        className="static-plot"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label="Wavelength per rotary pair; values are in the table below"
      >
        <rect
          className="shade"
          x={MARGIN.left}
          y={MARGIN.top}
          width={WIDTH - MARGIN.left - MARGIN.right + 8}
          height={Math.max(y(base) - MARGIN.top, 0)}
        />
        {y
          .ticks(6)
          .filter((tick) => Number.isInteger(Math.log10(tick)))
          .map((tick) => (
            <g key={tick}>
              <line className="grid-line" x1={MARGIN.left} x2={WIDTH - MARGIN.right + 8} y1={y(tick)} y2={y(tick)} />
              <text x={MARGIN.left - 6} y={y(tick) + 4} textAnchor="end">
                {formatTick(tick)}
              </text>
            </g>
          ))}
        {[
          { length: base, label: `base ${base}` },
          { length: target, label: `target ${target}` },
        ].map(({ length, label }) => (
          <g key={label}>
            <line className="mark-line" x1={MARGIN.left} x2={WIDTH - MARGIN.right + 8} y1={y(length)} y2={y(length)} />
            <text x={WIDTH - MARGIN.right + 12} y={y(length) + 4}>
              {label}
            </text>
          </g>
        ))}
        {Array.from(before, (turn, pair) => (
          <circle key={`plain ${x(pair)}`} className="ghost-dot" cx={x(pair)} cy={y(turn)} r={3} />
        ))}
        {Array.from(turns, (turn, pair) => (
          <circle key={x(pair)} className={turn > base ? 'pair-dot incomplete' : 'pair-dot'} cx={x(pair)} cy={y(turn)} r={4}>
            <title>{`pair ${pair}: ${formatNumber(turn)} tokens per turn`}</title>
          </circle>
        ))}
        <text x={(MARGIN.left + WIDTH - MARGIN.right) / 2} y={HEIGHT - 6} textAnchor="middle">
          rotary pair (hollow: plain RoPE, base 10,000)
        </text>
      </svg>
      <DataTable
        name="wavelengths"
        columns={['pair', 'theta', 'wavelength', 'plain_wavelength']}
        rows={Array.from(turns, (turn, pair) => [pair, theta[pair], turn, before[pair]])}
      />
    </>
  );
}
