import { Tabs } from 'radix-ui';
import { useEffect, useState } from 'react';
import { activeRun } from '../store/runsSlice';
import { formatFlops } from './format';
import { useLab } from './labContext';

/** Name, tabs, adapter, status, theme, help. */
export function Header() {
  return (
    <header className="app-header">
      <h1>
        Ropewalk <span className="tagline">long-context pretraining lab</span>
      </h1>
      <Tabs.List className="tabs" aria-label="Views">
        <Tabs.Trigger value="lab">Lab</Tabs.Trigger>
        <Tabs.Trigger value="performance">Performance</Tabs.Trigger>
        <Tabs.Trigger value="theory">Theory</Tabs.Trigger>
        <Tabs.Trigger value="interventions">Interventions</Tabs.Trigger>
        <Tabs.Trigger value="studies">Studies</Tabs.Trigger>
        <Tabs.Trigger value="samples">Samples</Tabs.Trigger>
      </Tabs.List>
      <div className="header-facts">
        <Adapter />
        <Status />
      </div>
      <ThemeToggle />
      <HelpButton />
    </header>
  );
}

function HelpButton() {
  const show = useLab((state) => state.showDialog);
  return (
    <button type="button" className="icon-button" title="Help (?)" aria-label="Help" onClick={() => show('help')}>
      ?
    </button>
  );
}

function Adapter() {
  const adapter = useLab((state) => state.facts?.adapter);
  const phase = useLab((state) => state.phase);
  const failed = useLab((state) => state.gate.cause === 'open-failed');
  const text =
    adapter?.name ??
    { starting: 'looking for a GPU', opening: 'opening the GPU', blocked: failed ? 'not open' : 'no GPU', open: '' }[phase];
  return (
    <span
      className="adapter"
      data-testid="adapter"
      title={adapter && `${adapter.vendor} ${adapter.architecture}; ${adapter.features.join(', ')}`}
    >
      {text}
      {adapter && <span className="muted"> {formatFlops(adapter.flopsPerSecond)}/s</span>}
    </span>
  );
}

function Status() {
  const text = useLab((state) => {
    const active = activeRun(state);
    if (state.preparing) return 'preparing';
    if (state.tuning) return 'tuning';
    if (active?.summary.status === 'training' && state.busy === 'pause') return 'pausing';
    if (active) return active.summary.status;
    if (state.phase === 'open') return 'idle';
    return state.phase === 'blocked' ? 'viewing' : state.phase;
  });
  return (
    <span className={`status status-${text}`} data-testid="status" role="status">
      {text}
    </span>
  );
}

type Theme = 'system' | 'light' | 'dark';

const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const GLYPH: Record<Theme, string> = { system: '◐', light: '☀', dark: '☾' };

/** System, light, dark; remembered. */
function ThemeToggle() {
  const [theme, setTheme] = useState<Theme>(() => {
    const saved = localStorage.getItem('theme');
    return saved === 'light' || saved === 'dark' ? saved : 'system';
  });
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    localStorage.setItem('theme', theme);
  }, [theme]);
  return (
    <button
      type="button"
      className="icon-button"
      title={`Colours: ${theme}`}
      aria-label={`Colours: ${theme}; switch to ${NEXT[theme]}`}
      onClick={() => setTheme(NEXT[theme])}
    >
      {GLYPH[theme]}
    </button>
  );
}
