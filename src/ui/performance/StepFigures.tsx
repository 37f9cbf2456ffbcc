import type { ReactNode } from 'react';
import { DEFAULT_PACE_LIMITS } from '../../core/paceLimits';
import type { StepProfile } from '../../core/profile';
import { Explain } from '../controls/Explain';
import { formatCount, formatInteger, formatMilliseconds, formatPercent } from '../format';

/** The step as a whole, in numbers. */
export function StepFigures({ profile }: { profile: StepProfile }) {
  const { stepMs, kernelMs, tokens, longestDispatchMs, longestSubmitMs } = profile;
  const { maxDispatchMs, maxSubmitMs } = DEFAULT_PACE_LIMITS;
  return (
    <dl className="figures">
      <Figure label="step">{formatMilliseconds(stepMs)}</Figure>
      <Figure label="tokens per second">{formatCount(tokens / (stepMs / 1000))}</Figure>
      <Figure label="MFU" explain={<Explain id="mfu" />}>
        {formatPercent(profile.mfu)}
      </Figure>
      <Figure label="HFU" explain={<Explain id="hfu" />}>
        {formatPercent(profile.hfu)}
      </Figure>
      <Figure label="sum of kernels">{formatMilliseconds(kernelMs)}</Figure>
      <Figure label="dispatches">{formatInteger(profile.dispatches)}</Figure>
      <Figure label="submits">{formatInteger(profile.submits)}</Figure>
      <Figure label="longest dispatch" explain={<Explain id="pace" />} over={longestDispatchMs > maxDispatchMs}>
        {formatMilliseconds(longestDispatchMs)} <small>of {maxDispatchMs}</small>
      </Figure>
      <Figure label="longest submit" explain={<Explain id="pace" />} over={longestSubmitMs > maxSubmitMs}>
        {formatMilliseconds(longestSubmitMs)} <small>of {maxSubmitMs}</small>
      </Figure>
    </dl>
  );
}

interface FigureProps {
  label: string;
  explain?: ReactNode;
  /** The value exceeds what it should stay under. */
  over?: boolean;
  children: ReactNode;
}

function Figure({ label, explain, over, children }: FigureProps) {
  return (
    <div className={over ? 'over' : undefined}>
      <dt>
        {label} {explain}
      </dt>
      <dd>{children}</dd>
    </div>
  );
}
