import { lazy, Suspense, useState } from 'react';
import { type Explanation, type ExplanationId, explanations } from '../explanations';

const ExplainPopover = lazy(() => import('./ExplainPopover'));

/** A small question mark that opens "how is this computed": text, formula, source. */
export function Explain({ id }: { id: ExplanationId }) {
  return <ExplainText explanation={explanations[id]} />;
}

/** The same for an explanation that is not in the registry, such as a position encoding's own. */
export function ExplainText({ explanation }: { explanation: Explanation }) {
  const [wanted, setWanted] = useState(false);
  const button = (
    <button
      type="button"
      className="explain"
      aria-label={`How is this computed: ${explanation.title}`}
      onClick={() => setWanted(true)}
    >
      ?
    </button>
  );
  return wanted ? (
    <Suspense fallback={button}>
      <ExplainPopover explanation={explanation} />
    </Suspense>
  ) : (
    button
  );
}
