import type { ReactNode } from 'react';
import { Explain } from '../controls/Explain';
import type { ExplanationId } from '../explanations';

interface SectionProps {
  title: string;
  explain?: ExplanationId;
  /** Open at first. */
  open?: boolean;
  children: ReactNode;
}

/** A drawer of the left column. */
export function Section({ title, explain, open, children }: SectionProps) {
  return (
    <details className="section" open={open}>
      <summary>
        <h2>{title}</h2>
      </summary>
      {explain && (
        <span className="section-explain">
          <Explain id={explain} />
        </span>
      )}
      <div className="section-body">{children}</div>
    </details>
  );
}
