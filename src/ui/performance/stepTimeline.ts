import type { StepProfile, TimelineSpan } from '../../core/profile';
import { FAMILIES, familyOf, type OperationFamily } from './operationFamily';

export type Phase = TimelineSpan['phase'];

export const PHASES: readonly Phase[] = ['forward', 'loss', 'backward', 'optimizer'];

/** A span as it lies in the bar; `left` and `width` are shares of what the bar shows. */
export interface BarSegment extends TimelineSpan {
  /** Place in the order of what is shown: spans may last no measurable time, and begin together. */
  index: number;
  family: OperationFamily;
  left: number;
  width: number;
}

/** A stretch of the bar that belongs to one phase. */
export interface PhaseBracket {
  phase: Phase;
  ms: number;
  left: number;
  width: number;
}

/** The step's spans in order, end to end; those of one phase alone where it is chosen. */
export function barSegments(timeline: readonly TimelineSpan[], phase?: Phase): BarSegment[] {
  const shown = timeline.filter((span) => phase === undefined || span.phase === phase);
  const total = totalMs(shown);
  let left = 0;
  return shown.map((span, index) => {
    const segment = { ...span, index, family: familyOf(span.kernel), left, width: span.ms / total };
    left += segment.width;
    return segment;
  });
}

/** Neighbouring segments of one phase under one bracket. */
export function phaseBrackets(segments: readonly BarSegment[]): PhaseBracket[] {
  const brackets: PhaseBracket[] = [];
  for (const { phase, ms, left, width } of segments) {
    const last = brackets.at(-1);
    if (last?.phase === phase) {
      last.ms += ms;
      last.width += width;
    } else brackets.push({ phase, ms, left, width });
  }
  return brackets;
}

/** Index of the segment over a place in the bar, 0 … 1. */
export function segmentAt(segments: readonly BarSegment[], place: number): number {
  const at = segments.findIndex(({ left, width }) => place < left + width);
  return at < 0 ? segments.length - 1 : at;
}

export function phaseTime({ timeline }: StepProfile, phase: Phase): number {
  return totalMs(timeline.filter((span) => span.phase === phase));
}

/** Families that take time in the step, with how much, in the order of the legend. */
export function familyTimes({ timeline }: StepProfile): { family: OperationFamily; ms: number }[] {
  return FAMILIES.map((family) => ({
    family,
    ms: totalMs(timeline.filter(({ kernel }) => familyOf(kernel) === family)),
  })).filter(({ ms }) => ms > 0);
}

function totalMs(spans: readonly TimelineSpan[]): number {
  return spans.reduce((sum, { ms }) => sum + ms, 0);
}
