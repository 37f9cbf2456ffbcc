import { Popover } from 'radix-ui';
import { type Explanation, type ExplanationId, explanations } from '../explanations';

/** A small question mark that opens "how is this computed": text, formula, source. */
export function Explain({ id }: { id: ExplanationId }) {
  return <ExplainText explanation={explanations[id]} />;
}

/** The same for an explanation that is not in the registry, such as a position encoding's own. */
export function ExplainText({ explanation: { title, formula, text, source } }: { explanation: Explanation }) {
  return (
    <Popover.Root>
      <Popover.Trigger className="explain" aria-label={`How is this computed: ${title}`}>
        ?
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover" sideOffset={6} collisionPadding={12} aria-label={title}>
          <strong>{title}</strong>
          {formula && <code className="formula">{formula}</code>}
          <p>{text}</p>
          {source && <p className="source">{source}</p>}
          <Popover.Arrow className="popover-arrow" />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
