import { useLab } from '../labContext';
import { type AttentionView, headName } from './attentionView';
import { massColor, type Rgb } from './colorMap';

const WIDTH = 480;
const HEIGHT = 240;
const MARGIN = { left: 44, right: 12, top: 12, bottom: 30 };

/**
 * Layer against mean distance, one dot per head, heads sorted by distance inside a layer. Filled dots are without the document's first
 * token, rings with it; the dashed line is a uniform head, faint dots the first record.
 */
export function HeadDots({ view: { record, first } }: { view: AttentionView }) {
  const hovered = useLab((state) => state.hoveredHead);
  const locked = useLab((state) => state.lockedHead);
  const hoverHead = useLab((state) => state.hoverHead);
  const lockHead = useLab((state) => state.lockHead);

  const top = Math.log2(Math.max(record.uniform.meanDistance * 2, ...record.meanDistance, 4));
  const y = (distance: number) =>
    MARGIN.top + (1 - Math.log2(Math.max(distance, 1)) / top) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const band = (WIDTH - MARGIN.left - MARGIN.right) / record.layers;
  const ticks = Array.from({ length: Math.floor(top) + 1 }, (_, i) => 2 ** i).filter((_, i) => i % 2 === 0);
  const dots = Array.from({ length: record.layers }, (_, layer) => {
    const heads = Array.from({ length: record.heads }, (_, head) => head);
    heads.sort(
      (a, b) =>
        record.meanDistanceWithoutFirst[layer * record.heads + a] - record.meanDistanceWithoutFirst[layer * record.heads + b],
    );
    return heads.map((head, place) => ({
      head,
      layer,
      row: layer * record.heads + head,
      x: MARGIN.left + band * (layer + (place + 1) / (record.heads + 1)),
    }));
  }).flat();

  return (
    <svg
      className="head-dots"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label="Mean attention distance per head; values are in the table below"
    >
      {ticks.map((tick) => (
        <g key={tick}>
          <line className="grid-line" x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(tick)} y2={y(tick)} />
          <text x={MARGIN.left - 6} y={y(tick) + 3.5} textAnchor="end">
            {tick}
          </text>
        </g>
      ))}
      <line
        className="uniform-line"
        x1={MARGIN.left}
        x2={WIDTH - MARGIN.right}
        y1={y(record.uniform.meanDistance)}
        y2={y(record.uniform.meanDistance)}
      />
      <text x={MARGIN.left + 2} y={y(record.uniform.meanDistance) - 4}>
        uniform {record.uniform.meanDistance.toFixed(0)}
      </text>
      {Array.from({ length: record.layers }, (_, layer) => (
        <text key={headName(layer, 0)} x={MARGIN.left + band * (layer + 0.5)} y={HEIGHT - 12} textAnchor="middle">
          layer {layer}
        </text>
      ))}
      {dots.map(({ head, layer, row, x }) => {
        const active = [hovered, locked].some((at) => at?.layer === layer && at.head === head);
        const color = css(massColor(record.firstTokenMass[row], 'linear'));
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: a preview on hover; the same heads are buttons in the histogram and rows in the table.
          <g
            key={headName(layer, head)}
            className={active ? 'dot active' : 'dot'}
            onPointerEnter={() => hoverHead({ layer, head })}
            onPointerLeave={() => hoverHead(undefined)}
            onClick={() => lockHead({ layer, head })}
          >
            <title>{`${headName(layer, head)}: ${record.meanDistance[row].toFixed(1)} tokens, without the first token ${record.meanDistanceWithoutFirst[row].toFixed(1)}, first-token mass ${record.firstTokenMass[row].toFixed(3)}`}</title>
            {first.meanDistanceWithoutFirst[row] !== undefined && first !== record && (
              <circle className="ghost-dot" cx={x} cy={y(first.meanDistanceWithoutFirst[row])} r={3.5} />
            )}
            <line
              className="dot-stem"
              x1={x}
              x2={x}
              y1={y(record.meanDistance[row])}
              y2={y(record.meanDistanceWithoutFirst[row])}
            />
            <circle className="dot-ring" cx={x} cy={y(record.meanDistance[row])} r={3.5} />
            <circle cx={x} cy={y(record.meanDistanceWithoutFirst[row])} r={4.5} style={{ fill: color }} className="dot-fill" />
          </g>
        );
      })}
    </svg>
  );
}

function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}
