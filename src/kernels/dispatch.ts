import type { ShaderConstants } from '../gpu/shader';
import { rowAlignment, rowsOf, type Tensor } from './tensor';

/** One kernel call as data: enough to check, count, compile and record it, with no GPU in sight. */
export interface Dispatch {
  /** `operation.role[shape]`, e.g. `matmul_nt.o_proj[256x128x128]`; profiles group by the part before the dot. */
  label: string;
  /** File in shaders/, without extension. */
  shader: string;
  constants: ShaderConstants;
  /** By the names the shader declares. */
  tensors: Readonly<Record<string, Tensor>>;
  /** Scalars of the shader's `struct Params`. */
  params: Readonly<Record<string, number>>;
  workgroups: readonly [number, number, number];
  flops: number;
  /** Least bytes that must move: each operand once. */
  bytes: number;
  /**
   * Cuts the call into about this many of equal work, which one after the other leave the same bits: along rows or heads, or along the
   * traversed axis with accumulators stored and taken up again. More than there can be gives as many as there can. Absent from calls
   * that are always short.
   */
  split?(pieces: number): readonly Dispatch[];
}

/** The WGSL scalar types of a kernel's operands, as aliases: binding `a` is declared `array<vec4<a_t>>`. */
export function scalarTypes(tensors: Readonly<Record<string, Tensor>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tensors).map(([name, { half }]) => [`${name}_t`, half ? 'f16' : 'f32']));
}

/**
 * The pieces of a call whose rows are independent: `build` makes it again over windows of its tensors.
 * @param tensors every operand that has a row per row of the call; the first gives their number.
 * @param unit rows that must stay together.
 */
export function rowPieces(
  tensors: readonly Tensor[],
  pieces: number,
  build: (window: (tensor: Tensor) => Tensor) => Dispatch,
  unit = 1,
): Dispatch[] {
  const ranges = equalRanges(tensors[0].shape[0], pieces, Math.max(unit, ...tensors.map(rowAlignment)));
  return ranges.map(([first, end], i) =>
    partOf(
      build((tensor) => rowsOf(tensor, first, end - first)),
      i,
      ranges.length,
    ),
  );
}

/** A call labelled as piece `index` of `count`. */
export function partOf(dispatch: Dispatch, index: number, count: number): Dispatch {
  return count === 1 ? dispatch : { ...dispatch, label: `${dispatch.label} part ${index + 1}/${count}` };
}

/** [first, end) ranges that cut `count` units into at most `pieces`, each but the last a multiple of `unit`. */
export function equalRanges(count: number, pieces: number, unit = 1): [first: number, end: number][] {
  const units = Math.ceil(count / unit);
  const wanted = Math.max(1, Math.min(units, Math.ceil(pieces)));
  const at = (piece: number) => Math.min(count, Math.round((piece * units) / wanted) * unit);
  return Array.from({ length: wanted }, (_, piece) => [at(piece), at(piece + 1)]);
}

/** Invocations of every portable kernel's workgroup. */
export const WORKGROUP_SIZE = 64;

/** WebGPU's limit on one dispatch dimension. */
const MAX_WORKGROUPS = 65_535;

/** Workgroups for `threads` independent threads. */
export function linearWorkgroups(threads: number): readonly [number, number, number] {
  return workgroupGrid(Math.ceil(threads / WORKGROUP_SIZE));
}

/** A number of workgroups; long ranges fold into y (shaders rebuild the index from both). */
export function workgroupGrid(groups: number): readonly [number, number, number] {
  const y = Math.ceil(groups / MAX_WORKGROUPS);
  return [Math.ceil(groups / y), y, 1];
}

/** Columns of a thread's register tile. */
const TILE_COLUMNS = 8;

/** Workgroups that cover an (m, n) product with threads of TILE_ROWS × 8 values, THREADS_X × THREADS_Y of them in each; a TEAM shares them. */
export function matrixTiles(m: number, n: number, constants: ShaderConstants): readonly [number, number, number] {
  const [rows, x, y] = [constants.TILE_ROWS, constants.TEAM ? 1 : constants.THREADS_X, constants.THREADS_Y].map(Number);
  return [Math.ceil(n / (TILE_COLUMNS * x)), Math.ceil(m / (rows * y)), 1];
}
