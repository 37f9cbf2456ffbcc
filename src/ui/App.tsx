import { Tabs } from 'radix-ui';
import { lazy, Suspense, useEffect } from 'react';
import type { Tab } from '../store/selectionSlice';
import { DropTarget } from './DropTarget';
import { Header } from './Header';
import { KnobColumn } from './knobs/KnobColumn';
import { LabTab } from './LabTab';
import { LiveSummary } from './LiveSummary';
import { useLab, useLabStore } from './labContext';
import { handleShortcut } from './shortcuts';
import { Banners } from './status/Banners';
import { ErrorBoundary } from './status/ErrorBoundary';
import { Problems } from './status/Problems';
import { Transport } from './transport/Transport';

/** Every tab but the lab itself, which the page opens on. */
const LAZY_TABS: { value: Tab; Content: React.ComponentType }[] = [
  { value: 'performance', Content: lazy(() => import('./performance/PerformanceTab')) },
  { value: 'theory', Content: lazy(() => import('./theory/TheoryTab')) },
  { value: 'interventions', Content: lazy(() => import('./interventions/InterventionsTab')) },
  { value: 'studies', Content: lazy(() => import('./studies/StudiesTab')) },
  { value: 'samples', Content: lazy(() => import('./samples/SamplesTab')) },
];

const HelpDialog = lazy(() => import('./HelpDialog'));
const ForkDialog = lazy(() => import('./transport/ForkDialog'));

/** The page: header, transport, knobs on the left, the chosen tab on the right, problems at the bottom. */
export function App() {
  const store = useLabStore();
  const tab = useLab((state) => state.tab);
  const dialog = useLab((state) => state.dialog);
  const select = useLab((state) => state.select);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => handleShortcut(store, event);
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [store]);
  return (
    <Tabs.Root className="app" value={tab} onValueChange={(next) => select({ tab: next as Tab })}>
      <Header />
      <Transport />
      <KnobColumn />
      <main className="content">
        <Banners />
        <Tabs.Content value="lab" className="tab-body">
          <LabTab />
        </Tabs.Content>
        {LAZY_TABS.map(({ value, Content }) => (
          <Tabs.Content key={value} value={value} className="tab-body">
            <LazyTab name={`The ${value} tab`}>
              <Content />
            </LazyTab>
          </Tabs.Content>
        ))}
      </main>
      <Problems />
      <LiveSummary />
      <DropTarget />
      <Suspense>
        {dialog === 'help' && <HelpDialog />}
        {dialog === 'fork' && <ForkDialog />}
      </Suspense>
    </Tabs.Root>
  );
}

function LazyTab({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <ErrorBoundary name={name}>
      <Suspense fallback={<p className="empty">Loading…</p>}>{children}</Suspense>
    </ErrorBoundary>
  );
}
