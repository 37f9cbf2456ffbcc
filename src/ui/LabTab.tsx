import { useSyncExternalStore } from 'react';
import { Group, Panel as ResizablePanel, Separator } from 'react-resizable-panels';
import { AttentionPanel } from './attention/AttentionPanel';
import { PositionPanel } from './charts/PositionPanel';
import { RetrievalPanel } from './charts/RetrievalPanel';
import { ValidationPanel } from './charts/ValidationPanel';

const WIDE = '(min-width: 1000px) and (min-height: 600px)';

/** The four plots: a resizable grid where there is room, one below the other where there is not. */
export function LabTab() {
  const wide = useSyncExternalStore(onWideChange, () => matchMedia(WIDE).matches);
  if (!wide)
    return (
      <div className="panel-stack">
        <ValidationPanel />
        <AttentionPanel />
        <PositionPanel />
        <RetrievalPanel />
      </div>
    );
  return (
    <Group orientation="horizontal" className="panel-grid" id="plots">
      <ResizablePanel id="left" defaultSize="50%" minSize="25%">
        <Group orientation="vertical" id="plots-left">
          <ResizablePanel id="validation" defaultSize="55%" minSize="20%">
            <ValidationPanel />
          </ResizablePanel>
          <Separator className="separator" />
          <ResizablePanel id="position" defaultSize="45%" minSize="20%">
            <PositionPanel />
          </ResizablePanel>
        </Group>
      </ResizablePanel>
      <Separator className="separator" />
      <ResizablePanel id="right" defaultSize="50%" minSize="25%">
        <Group orientation="vertical" id="plots-right">
          <ResizablePanel id="attention" defaultSize="55%" minSize="20%">
            <AttentionPanel />
          </ResizablePanel>
          <Separator className="separator" />
          <ResizablePanel id="retrieval" defaultSize="45%" minSize="20%">
            <RetrievalPanel />
          </ResizablePanel>
        </Group>
      </ResizablePanel>
    </Group>
  );
}

function onWideChange(changed: () => void): () => void {
  const query = matchMedia(WIDE);
  query.addEventListener('change', changed);
  return () => query.removeEventListener('change', changed);
}
