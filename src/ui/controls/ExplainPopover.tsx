import { Popover } from 'radix-ui';
import type { Explanation } from '../explanations';

/** The opened question mark; loaded with the first one. */
export default function ExplainPopover({ explanation: { title, formula, text, source } }: { explanation: Explanation }) {
  return (
    <Popover.Root defaultOpen>
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
