import { useRef } from 'react';
import { boundaries, moveBoundary, type Stages } from './stageDrag';

interface StageChartProps {
  stages: Stages;
  /** Lengths a stage may have: divisors of the tokens per step. */
  lengths: readonly number[];
  onChange(stages: Stages): void;
}

const WIDTH = 280;
const HEIGHT = 124;
const MARGIN = { left: 34, right: 6, top: 18, bottom: 18 };

/**
 * Sequence length (log2) over share of tokens as a step function. Levels and edges can be dragged; the rows below do the same by
 * keyboard and hold exact values.
 */
export function StageChart({ stages, lengths, onChange }: StageChartProps) {
  const svg = useRef<SVGSVGElement>(null);
  const low = Math.log2(Math.min(lengths[0], ...stages.map((stage) => stage.sequence_length)));
  const high = Math.max(Math.log2(Math.max(lengths.at(-1) ?? 2, ...stages.map((stage) => stage.sequence_length))), low + 1);
  const x = (share: number) => MARGIN.left + share * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (length: number) =>
    MARGIN.top + (1 - (Math.log2(length) - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const edges = boundaries(stages);

  /** Follows the pointer until it is released, in units of the drawing. */
  const drag = (move: (at: { x: number; y: number }) => void) => (event: React.PointerEvent<SVGElement>) => {
    const target = event.currentTarget;
    target.setPointerCapture(event.pointerId);
    const onMove = (next: PointerEvent) => {
      const box = svg.current?.getBoundingClientRect();
      if (box) move({ x: ((next.clientX - box.left) / box.width) * WIDTH, y: ((next.clientY - box.top) / box.height) * HEIGHT });
    };
    const onEnd = () => {
      target.removeEventListener('pointermove', onMove);
      target.removeEventListener('pointerup', onEnd);
      target.removeEventListener('pointercancel', onEnd);
    };
    target.addEventListener('pointermove', onMove);
    target.addEventListener('pointerup', onEnd);
    target.addEventListener('pointercancel', onEnd);
  };
  const dragEdge = (index: number) =>
    drag(({ x: at }) => onChange(moveBoundary(stages, index, (at - MARGIN.left) / (WIDTH - MARGIN.left - MARGIN.right))));
  const dragLevel = (index: number) =>
    drag(({ y: at }) => {
      const exponent = low + (1 - (at - MARGIN.top) / (HEIGHT - MARGIN.top - MARGIN.bottom)) * (high - low);
      const length = nearest(lengths, 2 ** exponent);
      onChange(stages.map((stage, i) => (i === index ? { ...stage, sequence_length: length } : stage)));
    });

  return (
    <svg ref={svg} className="stage-chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      {lengths
        .filter((_, i) => i % Math.ceil(lengths.length / 6) === 0)
        .map((length) => (
          <g key={length}>
            <line className="grid-line" x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(length)} y2={y(length)} />
            <text x={MARGIN.left - 5} y={y(length) + 3} textAnchor="end">
              {length >= 1024 ? `${length / 1024}k` : length}
            </text>
          </g>
        ))}
      {stages.map((stage, i) => {
        const left = x(i === 0 ? 0 : edges[i - 1]);
        const right = x(edges[i]);
        const top = y(stage.sequence_length);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: stages have no identity but their place.
          <g key={i}>
            <rect className="stage-fill" x={left} y={top} width={right - left} height={HEIGHT - MARGIN.bottom - top} />
            <line className="stage-line" x1={left} x2={right} y1={top} y2={top} />
            <rect className="stage-level" x={left} y={top - 6} width={right - left} height={12} onPointerDown={dragLevel(i)} />
          </g>
        );
      })}
      {edges.slice(0, -1).map((edge, i) => (
        <g key={`edge ${stages[i].sequence_length} ${edge}`}>
          <line
            className="stage-line"
            x1={x(edge)}
            x2={x(edge)}
            y1={y(stages[i].sequence_length)}
            y2={y(stages[i + 1].sequence_length)}
          />
        </g>
      ))}
      {edges.slice(0, -1).map((edge, i) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a handle must stay the same element while its edge moves.
          key={i}
          className="stage-edge"
          x={x(edge) - 6}
          y={MARGIN.top}
          width={12}
          height={HEIGHT - MARGIN.top - MARGIN.bottom}
          onPointerDown={dragEdge(i)}
        />
      ))}
      <text x={MARGIN.left} y={HEIGHT - 4}>
        0 %
      </text>
      <text x={(MARGIN.left + WIDTH) / 2} y={HEIGHT - 4} textAnchor="middle">
        share of tokens
      </text>
      <text x={WIDTH - MARGIN.right} y={HEIGHT - 4} textAnchor="end">
        100 %
      </text>
    </svg>
  );
}

function nearest(lengths: readonly number[], to: number): number {
  return lengths.reduce((best, length) => (Math.abs(Math.log2(length / to)) < Math.abs(Math.log2(best / to)) ? length : best));
}
