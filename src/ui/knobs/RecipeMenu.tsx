import { Popover } from 'radix-ui';
import { useRef } from 'react';
import { download } from '../charts/csv';
import { useLab, useLabStore } from '../labContext';

/** Which preset the knobs start from, and the recipe as JSON in and out. */
export function RecipeMenu() {
  const store = useLabStore();
  const presets = useLab((state) => state.presets);
  const preset = useLab((state) => state.preset);
  const choose = useLab((state) => state.choosePreset);
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
    <div className="recipe-menu">
      <label className="row">
        <span>Recipe</span>
        <select value={preset.name} onChange={(event) => choose(event.target.value)}>
          {(presets.length ? presets : [preset]).map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <Popover.Root>
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
    </div>
  );
}
