import { useEffect, useRef } from 'react';
import { changeColor, type MassScale, massColor } from './colorMap';

interface HeatmapProps {
  /** (rows, columns), row-major. */
  values: ArrayLike<number>;
  rows: number;
  columns: number;
  /** Device pixels of one cell: whole numbers, so that every pixel of a cell has exactly its colour. */
  cellWidth: number;
  cellHeight: number;
  mode: 'mass' | 'change';
  scale: MassScale;
  limit: number;
  label: string;
  testId?: string;
  /** Step of the record drawn, for whoever compares the picture with it. */
  step: number;
  onHover?: (cell: { row: number; column: number } | undefined) => void;
  onPick?: (row: number) => void;
}

/** Exact cells on a canvas: no gaps, no smoothing, one colour per value (see colorMap). */
export function Heatmap(props: HeatmapProps) {
  const { values, rows, columns, cellWidth, cellHeight, mode, scale, limit, label, testId, step, onHover, onPick } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const ratio = window.devicePixelRatio || 1;

  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    const image = context.createImageData(columns * cellWidth, rows * cellHeight);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = values[row * columns + column];
        const color = mode === 'mass' ? massColor(value, scale) : changeColor(value, limit);
        fillCell(image, row, column, cellWidth, cellHeight, color);
      }
    }
    context.putImageData(image, 0, 0);
  }, [values, rows, columns, cellWidth, cellHeight, mode, scale, limit]);

  const cellAt = (event: React.MouseEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    return row >= 0 && row < rows && column >= 0 && column < columns ? { row, column } : undefined;
  };

  return (
    <canvas
      ref={canvas}
      className="heatmap"
      role="img"
      aria-label={label}
      width={columns * cellWidth}
      height={rows * cellHeight}
      style={{ width: (columns * cellWidth) / ratio, height: (rows * cellHeight) / ratio }}
      data-testid={testId}
      data-mode={mode}
      data-scale={scale}
      data-limit={limit}
      data-cell-width={cellWidth}
      data-cell-height={cellHeight}
      data-rows={rows}
      data-columns={columns}
      data-step={step}
      onPointerMove={onHover && ((event) => onHover(cellAt(event)))}
      onPointerLeave={onHover && (() => onHover(undefined))}
      onClick={(event) => {
        const cell = cellAt(event);
        if (cell) onPick?.(cell.row);
      }}
    />
  );
}

function fillCell(image: ImageData, row: number, column: number, width: number, height: number, color: readonly number[]): void {
  for (let y = row * height; y < (row + 1) * height; y++) {
    for (let x = column * width; x < (column + 1) * width; x++) {
      const at = (y * image.width + x) * 4;
      image.data[at] = color[0];
      image.data[at + 1] = color[1];
      image.data[at + 2] = color[2];
      image.data[at + 3] = 255;
    }
  }
}
