import { Dialog } from 'radix-ui';
import { useLab } from './labContext';

const SHORTCUTS = [
  ['Space', 'train or pause'],
  ['S', 'one step'],
  ['B', 'pin the viewed run as the baseline'],
  ['F', 'fork from the current step'],
  ['[ ]', 'previous or next attention record'],
  ['?', 'this help'],
] as const;

/** What this is, how to begin, and the keys. */
export default function HelpDialog() {
  const show = useLab((state) => state.showDialog);
  return (
    <Dialog.Root open onOpenChange={() => show(undefined)}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog" aria-describedby={undefined}>
          <Dialog.Title>Help</Dialog.Title>
          <p>
            Ropewalk continues the pretraining of a small Llama-style model on longer and longer sequences, on this machine’s GPU,
            and shows what that does to attention, to loss over context, and to retrieval.
          </p>
          <ol>
            <li>
              <b>Train</b> starts the recipe on the left. Curves appear beside the recorded run.
            </li>
            <li>
              Turn a knob. <span className="badge badge-live">live</span> knobs act at once with “Apply”;{' '}
              <span className="badge badge-fork">fork</span> knobs make a child run from the current step.
            </li>
            <li>
              Pin a run as the baseline to see differences. To compare forks fairly, also make a fork without a change, with the
              same re-warm-up: the control.
            </li>
            <li>Drag in a plot to zoom, double-click to zoom out. Every plot has its values as a table and as CSV.</li>
            <li>
              The <b>Performance</b> tab times one training step, kernel by kernel, against what this GPU can do.
            </li>
            <li>Drop .txt or .jsonl files anywhere to train on them. They stay on this machine.</li>
          </ol>
          <dl className="shortcuts">
            {SHORTCUTS.map(([key, action]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{action}</dd>
              </div>
            ))}
          </dl>
          <Dialog.Close className="primary">Close</Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
