import type { KernelTime, StepProfile } from '../../core/profile';
import { familyOf, type OperationFamily } from './operationFamily';

/** A kernel between the two roofs. */
export interface RooflinePoint {
  kernel: string;
  family: OperationFamily;
  /** FLOP per byte: operands counted once. */
  intensity: number;
  gflopsPerSecond: number;
  /** Of the kernels' time. */
  share: number;
}

export interface RooflineModel {
  /** Slowest first, so that a small dot lies over a large one. */
  points: RooflinePoint[];
  /** Kernels that compute nothing, such as a gather: they have no place on the axes. */
  leftOut: string[];
  /** FLOP per byte from which on arithmetic is the lower roof. */
  ridge: number;
  intensities: [low: number, high: number];
  rates: [low: number, high: number];
}

/** Every kernel's FLOP/byte against its GFLOP/s, under the adapter's measured bandwidth and multiply-add peak. */
export function rooflineModel({ kernels, kernelMs, peak }: StepProfile): RooflineModel {
  const computing = kernels.filter(({ flops, bytes, ms }) => flops > 0 && bytes > 0 && ms > 0);
  const points = computing
    .toSorted((a, b) => b.ms - a.ms)
    .map(({ kernel, flops, bytes, gflopsPerSecond, ms }) => ({
      kernel,
      family: familyOf(kernel),
      intensity: flops / bytes,
      gflopsPerSecond,
      share: ms / kernelMs,
    }));
  const ridge = peak.fmaGflopsPerSecond / peak.copyGigabytesPerSecond;
  return {
    points,
    leftOut: kernels.filter((kernel: KernelTime) => !computing.includes(kernel)).map(({ kernel }) => kernel),
    ridge,
    intensities: extent([...points.map(({ intensity }) => intensity), ridge]),
    rates: extent([...points.map(({ gflopsPerSecond }) => gflopsPerSecond), peak.fmaGflopsPerSecond]),
  };
}

/** Whole decades round the values, with room on both sides. */
function extent(values: readonly number[]): [number, number] {
  return [10 ** Math.floor(Math.log10(Math.min(...values) / 1.3)), 10 ** Math.ceil(Math.log10(Math.max(...values) * 1.3))];
}

export interface Label {
  text: string;
  x: number;
  y: number;
}

/**
 * Names beside dots, most important dot first; one that would cover a dot or another name is left out.
 * @param named how many of the dots may get a name; the others are only kept clear.
 * @param letter width and height of a letter, in the units of the drawing.
 */
export function placeLabels(
  dots: readonly { text: string; x: number; y: number; radius: number }[],
  named: number,
  bounds: { left: number; right: number },
  letter: { width: number; height: number },
): Label[] {
  const taken = dots.map(({ x, y, radius }) => boxAt(x - radius, y, 2 * radius, 2 * radius));
  const labels: Label[] = [];
  for (const { text, x, y, radius } of dots.slice(0, named)) {
    const width = text.length * letter.width;
    const boxes = [x + radius + GAP, x - radius - GAP - width].map((left) => boxAt(left, y, width, letter.height));
    const free = boxes.find(
      (box) => box.left >= bounds.left && box.right <= bounds.right && !taken.some((other) => overlap(box, other)),
    );
    if (!free) continue;
    taken.push(free);
    labels.push({ text, x: free.left, y });
  }
  return labels;
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Between a dot and its name. */
const GAP = 3;

function boxAt(left: number, middle: number, width: number, height: number): Box {
  return { left, right: left + width, top: middle - height / 2, bottom: middle + height / 2 };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
