import type { StateCreator } from 'zustand/vanilla';
import type { ProbeTaskName } from '../core/records';
import type { LabState } from './labStore';
import type { XAxis } from './runSeries';

export type Tab = 'lab' | 'performance' | 'theory' | 'interventions' | 'studies' | 'samples';

export type DialogName = 'help' | 'fork';

export interface HeadAddress {
  layer: number;
  head: number;
}

/** What every panel looks at: one selection for the whole page. */
export interface SelectionSlice {
  tab: Tab;
  xAxis: XAxis;
  logX: boolean;
  logY: boolean;
  /** Half-life of the smoothing, in steps; 0 shows raw values only. */
  smoothingSteps: number;
  /** One curve per source instead of their mean. */
  perSource: boolean;
  attention: {
    /** Mass per distance, or its difference from the run's first record. */
    mode: 'mass' | 'change';
    view: 'histogram' | 'distance';
    scale: 'log' | 'linear';
    /** Index of the record shown; undefined follows the newest. */
    record: number | undefined;
  };
  /** Whose answers are drawn. */
  probeTask: ProbeTaskName;
  hoveredHead: HeadAddress | undefined;
  lockedHead: HeadAddress | undefined;
  dialog: DialogName | undefined;

  showDialog(dialog: DialogName | undefined): void;
  select(
    part: Partial<Pick<SelectionSlice, 'tab' | 'xAxis' | 'logX' | 'logY' | 'smoothingSteps' | 'perSource' | 'probeTask'>>,
  ): void;
  selectAttention(part: Partial<SelectionSlice['attention']>): void;
  followLive(): void;
  hoverHead(head: HeadAddress | undefined): void;
  /** Locks a head, or lets go of it when it was the locked one. */
  lockHead(head: HeadAddress): void;
}

export const createSelectionSlice: StateCreator<LabState, [], [], SelectionSlice> = (set, get) => ({
  tab: 'lab',
  xAxis: 'tokens',
  logX: false,
  logY: false,
  smoothingSteps: 8,
  perSource: false,
  attention: { mode: 'mass', view: 'histogram', scale: 'log', record: undefined },
  probeTask: 'keyed-facts',
  hoveredHead: undefined,
  lockedHead: undefined,
  dialog: undefined,

  showDialog: (dialog) => set({ dialog }),
  select: (part) => set(part),
  selectAttention: (part) => set({ attention: { ...get().attention, ...part } }),
  followLive: () => get().selectAttention({ record: undefined }),
  hoverHead: (hoveredHead) => set({ hoveredHead }),
  lockHead(head) {
    const { lockedHead } = get();
    const same = lockedHead?.layer === head.layer && lockedHead.head === head.head;
    set({ lockedHead: same ? undefined : head });
  },
});
