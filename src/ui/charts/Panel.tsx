import type { ReactNode } from 'react';
import { Explain } from '../controls/Explain';
import type { ExplanationId } from '../explanations';
import { ErrorBoundary } from '../status/ErrorBoundary';

interface PanelProps {
  title: string;
  explain: ExplanationId;
  /** Switches that belong to this picture. */
  tools?: ReactNode;
  /** Current values, in words and numbers. */
  readout?: ReactNode;
  children: ReactNode;
}

/** The frame of one plot: title, explanation, its own switches, the picture, and the table twin below. */
export function Panel({ title, explain, tools, readout, children }: PanelProps) {
  return (
    <section className="panel" aria-label={title}>
      <header className="panel-head">
        <h2>{title}</h2>
        <Explain id={explain} />
        <div className="panel-tools">{tools}</div>
      </header>
      {readout && <div className="panel-readout">{readout}</div>}
      <ErrorBoundary name={title}>{children}</ErrorBoundary>
    </section>
  );
}
