import { scaleLinear } from 'd3-scale';
import { memo, useMemo, useState } from 'react';
import type { StepProfile } from '../../core/profile';
import { formatMilliseconds, formatPercent, formatTick } from '../format';
import { FAMILY_COLORS } from './operationFamily';
import { type BarSegment, barSegments, familyTimes, type Phase, phaseBrackets, segmentAt } from './stepTimeline';

interface StepBarProps {
  profile: StepProfile;
  /** Shows this phase alone, over the whole width. */
  phase: Phase | undefined;
  /** Kernel that is pointed at, here or elsewhere. */
  kernel: string | undefined;
  onKernel(kernel: string | undefined): void;
}

/** Keys that move the cursor, and by how many spans. */
const MOVES: Record<string, number> = {
  ArrowLeft: -1,
  ArrowUp: -1,
  ArrowRight: 1,
  ArrowDown: 1,
  PageUp: -10,
  PageDown: 10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/**
 * The step from left to right: a span per run of calls of one kernel, as wide as its share of the time, phases above. A slider to the
 * keyboard and to screen readers: its value is the span under the cursor.
 */
export function StepBar({ profile, phase, kernel, onKernel }: StepBarProps) {
  const segments = useMemo(() => barSegments(profile.timeline, phase), [profile, phase]);
  const [hovered, setHovered] = useState<number>();
  const [cursor, setCursor] = useState(0);
  const [focused, setFocused] = useState(false);
  const last = segments.length - 1;
  const at = Math.min(cursor, last);
  const shown = hovered === undefined ? (focused ? at : undefined) : Math.min(hovered, last);
  const hover = (index: number | undefined) => {
    setHovered(index);
    onKernel(index === undefined ? undefined : segments[index].kernel);
  };
  const moveTo = (index: number) => {
    const next = Math.min(Math.max(index, 0), last);
    setCursor(next);
    onKernel(segments[next].kernel);
  };
  const placeOf = (event: React.PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return segmentAt(segments, (event.clientX - box.left) / box.width);
  };
  return (
    <div className="step-bar">
      <Brackets segments={segments} />
      <div
        className="step-spans"
        data-testid="step-bar"
        role="slider"
        tabIndex={0}
        aria-label="Kernels of the step in order"
        aria-valuemin={1}
        aria-valuemax={segments.length}
        aria-valuenow={at + 1}
        aria-valuetext={describe(segments[at], profile)}
        onFocus={() => {
          setFocused(true);
          onKernel(segments[at].kernel);
        }}
        onBlur={() => {
          setFocused(false);
          onKernel(undefined);
        }}
        onKeyDown={(event) => {
          const by = MOVES[event.key];
          if (by === undefined) return;
          event.preventDefault();
          setHovered(undefined);
          moveTo(at + by);
        }}
        onPointerMove={(event) => hover(placeOf(event))}
        onPointerLeave={() => hover(undefined)}
        onPointerDown={(event) => moveTo(placeOf(event))}
      >
        <Spans segments={segments} kernel={kernel} />
        {shown !== undefined && <span className="span-cursor" style={place(segments[shown])} />}
      </div>
      {shown !== undefined && <Tooltip segment={segments[shown]} profile={profile} />}
      <TimeAxis ms={segments.reduce((sum, { ms }) => sum + ms, 0)} />
      <Legend profile={profile} />
    </div>
  );
}

const Spans = memo(function Spans({ segments, kernel }: { segments: readonly BarSegment[]; kernel: string | undefined }) {
  return segments.map((segment) => (
    <span
      key={segment.index}
      className={segment.kernel === kernel ? 'span pointed' : 'span'}
      style={{ ...place(segment), '--family': `var(${FAMILY_COLORS[segment.family]})` } as React.CSSProperties}
    >
      <span className="span-name">{segment.kernel}</span>
    </span>
  ));
});

function Brackets({ segments }: { segments: readonly BarSegment[] }) {
  return (
    <div className="phase-brackets" aria-hidden="true">
      {phaseBrackets(segments).map((bracket) => (
        <span key={bracket.left} className="bracket" style={place(bracket)}>
          <span className="bracket-name">
            {bracket.phase} {formatMilliseconds(bracket.ms)}
          </span>
        </span>
      ))}
    </div>
  );
}

function Tooltip({ segment, profile }: { segment: BarSegment; profile: StepProfile }) {
  const middle = segment.left + segment.width / 2;
  const side = middle < 0.5 ? { left: `${middle * 100}%` } : { right: `${(1 - middle) * 100}%` };
  return (
    <div className="chart-tooltip span-tooltip" data-testid="step-bar-tooltip" role="tooltip" style={side}>
      <i style={{ background: `var(${FAMILY_COLORS[segment.family]})` }} />
      <b>{segment.kernel}</b>
      <div>
        {formatMilliseconds(segment.ms)}, {formatPercent(segment.ms / profile.kernelMs)} of the step, {segment.phase}
      </div>
    </div>
  );
}

function TimeAxis({ ms }: { ms: number }) {
  const scale = scaleLinear([0, ms], [0, 100]);
  return (
    <div className="time-axis" aria-hidden="true">
      {scale.ticks(6).map((tick) => (
        <span key={tick} className="time-tick" style={{ left: `${scale(tick)}%` }}>
          {formatTick(tick)}
          {tick === 0 && ' ms'}
        </span>
      ))}
    </div>
  );
}

function Legend({ profile }: { profile: StepProfile }) {
  return (
    <ul className="family-legend">
      {familyTimes(profile).map(({ family, ms }) => (
        <li key={family}>
          <i className="swatch" style={{ background: `var(${FAMILY_COLORS[family]})` }} /> {family}{' '}
          <b>{formatPercent(ms / profile.kernelMs)}</b>
        </li>
      ))}
    </ul>
  );
}

function describe({ kernel, ms, phase }: BarSegment, { kernelMs }: StepProfile): string {
  return `${kernel}, ${formatMilliseconds(ms)}, ${formatPercent(ms / kernelMs)} of the step, ${phase}`;
}

function place({ left, width }: { left: number; width: number }) {
  return { left: `${left * 100}%`, width: `${width * 100}%` };
}
