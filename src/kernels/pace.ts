import { DEFAULT_PACE_LIMITS, type PaceLimits } from '../core/paceLimits';
import type { Dispatch } from './dispatch';

/**
 * How long work may hold the GPU, and how long a call is expected to. A dispatch cannot be interrupted: a browser that wants to draw waits for
 * it, and a driver's watchdog takes the device away when it lasts seconds. So long calls are cut (`Dispatch.split`) and submits kept short.
 */
export interface Pace extends PaceLimits {
  estimateMs(dispatch: Dispatch): number;
}

/** Cuts nothing. */
export const UNPACED: Pace = {
  maxDispatchMs: Number.POSITIVE_INFINITY,
  maxSubmitMs: Number.POSITIVE_INFINITY,
  estimateMs: () => 0,
};

/** What an adapter sustains, as measured: the plain data behind a pace. */
export interface AdapterRates {
  /** FLOP/s by shader. */
  flopsPerSecond: Readonly<Record<string, number>>;
  /** FLOP/s of shaders that were not measured. */
  otherFlopsPerSecond: number;
  bytesPerSecond: number;
}

/** Share of a limit that estimates may fill: rates are measured on a quiet machine, at one shape. */
const HEADROOM = 0.6;

/** A pace from rates: a call takes as long as its FLOPs or its bytes, whichever is longer. */
export function paceOf(rates: AdapterRates, limits: PaceLimits = DEFAULT_PACE_LIMITS): Pace {
  return {
    maxDispatchMs: limits.maxDispatchMs * HEADROOM,
    maxSubmitMs: limits.maxSubmitMs * HEADROOM,
    estimateMs: ({ shader, flops, bytes }) =>
      1000 * Math.max(flops / (rates.flopsPerSecond[shader] ?? rates.otherFlopsPerSecond), bytes / rates.bytesPerSecond),
  };
}

/** Calls that are submitted together: the dispatches [first, end) of a program. */
export interface Submit {
  first: number;
  end: number;
  /** Expected. */
  ms: number;
}

/** The dispatches with long ones cut, and where one submit ends and the next begins. */
export function paced(dispatches: readonly Dispatch[], pace: Pace): { dispatches: Dispatch[]; submits: Submit[] } {
  const pieces = dispatches.flatMap((dispatch) => cut(dispatch, pace));
  const submits: Submit[] = [];
  let current: Submit = { first: 0, end: 0, ms: 0 };
  pieces.forEach((dispatch, i) => {
    const ms = pace.estimateMs(dispatch);
    if (current.end > current.first && current.ms + ms > pace.maxSubmitMs) {
      submits.push(current);
      current = { first: i, end: i, ms: 0 };
    }
    current = { first: current.first, end: i + 1, ms: current.ms + ms };
  });
  if (current.end > current.first) submits.push(current);
  return { dispatches: pieces, submits };
}

/** Where pieces come out unequal, so many more are tried, and so many more than those, up to FINEST times as many. */
const FINER = 1.25;
const FINEST = 8;

function cut(dispatch: Dispatch, pace: Pace): readonly Dispatch[] {
  const wanted = Math.ceil(pace.estimateMs(dispatch) / pace.maxDispatchMs);
  if (!dispatch.split || !(wanted > 1)) return [dispatch];
  let pieces = dispatch.split(wanted);
  const isTooLong = (piece: Dispatch) => pace.estimateMs(piece) > pace.maxDispatchMs;
  for (let finer = FINER; finer <= FINEST && pieces.some(isTooLong); finer *= FINER) pieces = dispatch.split(wanted * finer);
  return pieces;
}
