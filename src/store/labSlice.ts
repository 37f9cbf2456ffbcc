import type { StateCreator } from 'zustand/vanilla';
import type { LabEvent, LabFacts } from '../worker/protocol';
import type { LabState } from './labStore';
import type { Connection } from './page/connection';
import { causeOf, type GateReport } from './page/gpuGate';
import type { StorePorts } from './page/ports';
import { parseRecordedRun } from './recordedRun';

export type LabPhase = 'starting' | 'blocked' | 'opening' | 'open';

export interface LabProblem {
  id: number;
  /** What was being done, as a short phrase. */
  operation: string;
  message: string;
}

/** How far a piece of work that comes before training is. */
export interface Preparing {
  done: number;
  total: number;
  what: string;
}

/** The lab as a whole: is there a GPU, what can it offer, what went wrong. */
export interface LabSlice {
  phase: LabPhase;
  gate: GateReport;
  facts: LabFacts | undefined;
  preparing: Preparing | undefined;
  /** Kernels are being checked and timed on this adapter, once. */
  tuning: Preparing | undefined;
  deviceLost: { message: string; checkpointStep: number | undefined } | undefined;
  /** Kept until the visitor dismisses them. */
  problems: LabProblem[];
  /** Command under way; the transport waits for it. */
  busy: string | undefined;
  /** How long the tab was last hidden while a run trained. */
  hiddenSeconds: number;
  boot(): Promise<void>;
  /** A new worker after the old one died or hung. */
  restart(): Promise<void>;
  /** After a lost device: a new one, at the last checkpoint. */
  recover(): Promise<void>;
  /** Ends tuning: operations that were not reached keep their defaults. */
  skipTuning(): Promise<void>;
  /** Runs a piece of work, one at a time where `exclusive`, and reports its failure; true when it went well. */
  attempt(operation: string, work: () => Promise<void>, exclusive?: boolean): Promise<boolean>;
  report(operation: string, error: unknown): void;
  dismiss(id: number): void;
  noteHidden(seconds: number): void;
  forgetHidden(): void;
}

let nextProblem = 1;

export function createLabSlice(ports: StorePorts, connection: Connection): StateCreator<LabState, [], [], LabSlice> {
  return (set, get) => {
    const openLab = async () => {
      set({ phase: 'opening', preparing: undefined, tuning: undefined, deviceLost: undefined });
      try {
        const facts = await connection.open((event) => receive(event, get, set));
        set({ phase: 'open', facts, preparing: undefined });
        get().openRecipes(facts.recipes);
      } catch (error) {
        set({ phase: 'blocked', gate: { cause: causeOf(error) }, preparing: undefined });
        get().report('opening the lab', error);
      }
    };
    return {
      phase: 'starting',
      gate: { cause: undefined },
      facts: undefined,
      preparing: undefined,
      tuning: undefined,
      deviceLost: undefined,
      problems: [],
      busy: undefined,
      hiddenSeconds: 0,

      async boot() {
        const recorded = get().attempt('loading the recorded run', async () => {
          const file = await ports.fetchJson('recorded/extend-base.json');
          if (file !== undefined) get().addRecorded(parseRecordedRun(file));
        });
        const gate = await ports.inspectGpu().catch((error: unknown): GateReport => {
          get().report('looking for a GPU', error);
          return { cause: 'no-adapter' };
        });
        if (gate.cause) set({ phase: 'blocked', gate });
        else await openLab();
        await recorded;
      },

      async restart() {
        get().endSession();
        await openLab();
      },

      async recover() {
        await get().attempt('continuing after the lost GPU', async () => {
          const run = await connection.api.recover();
          set({ deviceLost: undefined });
          if (run) get().receiveRun(run);
        });
      },

      async skipTuning() {
        await get().attempt('skipping the tuning', () => connection.api.skipTuning());
      },

      async attempt(operation, work, exclusive = false) {
        if (exclusive && get().busy) return false;
        if (exclusive) set({ busy: operation });
        try {
          await work();
          return true;
        } catch (error) {
          get().report(operation, error);
          return false;
        } finally {
          if (exclusive) set({ busy: undefined });
        }
      },

      report(operation, error) {
        const message = error instanceof Error ? error.message : String(error);
        set({
          problems: [
            ...get().problems.filter((problem) => problem.message !== message),
            { id: nextProblem++, operation, message },
          ],
        });
      },

      noteHidden: (hiddenSeconds) => set({ hiddenSeconds }),
      forgetHidden: () => set({ hiddenSeconds: 0 }),
      dismiss(id) {
        set({ problems: get().problems.filter((problem) => problem.id !== id) });
      },
    };
  };
}

function receive(event: LabEvent, get: () => LabState, set: (part: Partial<LabState>) => void): void {
  switch (event.type) {
    case 'preparing':
      set({ preparing: underWay(event) });
      break;
    case 'tuning':
      set({ tuning: underWay(event) });
      break;
    case 'run':
      get().receiveRun(event.run);
      break;
    case 'records':
      get().receiveRecords(event.runId, event.records);
      break;
    case 'device-lost':
      set({ deviceLost: { message: event.message, checkpointStep: event.checkpointStep } });
      break;
  }
}

function underWay({ done, total, what }: Preparing): Preparing | undefined {
  return done < total ? { done, total, what } : undefined;
}
