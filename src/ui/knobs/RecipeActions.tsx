import { Popover } from 'radix-ui';
import { useRef } from 'react';
import { download } from '../charts/csv';
import { useLabStore } from '../labContext';

/** The recipe as JSON in and out, opened by the button it replaces. */
export default function RecipeActions() {
  const store = useLabStore();
  const file = useRef<HTMLInputElement>(null);

  const json = () => JSON.stringify(store.getState().draft, null, 2);
  const load = (read: () => Promise<string>) =>
    store.getState().attempt('reading a recipe', async () => store.getState().load(JSON.parse(await read())));
  const copy = (what: () => string) => store.getState().attempt('copying', () => navigator.clipboard.writeText(what()));
  const actions = [
    { label: 'Copy link', act: () => copy(() => location.href) },
    { label: 'Copy recipe', act: () => copy(json) },
    { label: 'Paste recipe', act: () => load(() => navigator.clipboard.readText()) },
    {
      label: 'Download recipe',
      act: () => download(`${store.getState().draft.name}.json`, new Blob([json()], { type: 'application/json' })),
    },
    { label: 'Upload recipe…', act: () => file.current?.click() },
  ];

  return (
    <>
      <Popover.Root defaultOpen>
        <Popover.Trigger className="icon-button" aria-label="Recipe: copy, paste, download, upload">
          ⋯
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content className="menu" align="end" sideOffset={4} aria-label="Recipe">
            {actions.map(({ label, act }) => (
              <Popover.Close key={label} className="quiet" onClick={() => void act()}>
                {label}
              </Popover.Close>
            ))}
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
      <input
        ref={file}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label="Recipe file"
        onChange={(event) => {
          const chosen = event.target.files?.[0];
          if (chosen) void load(() => chosen.text());
          event.target.value = '';
        }}
      />
    </>
  );
}
