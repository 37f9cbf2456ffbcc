import type { StateCreator } from 'zustand/vanilla';
import type { Recipe } from '../core/recipe';
import type { ForkOptions, RecordedRun, RunRecord, RunSummary } from '../core/records';
import type { LabState } from './labStore';
import type { Connection } from './page/connection';
import { liveChanges } from './recipe/liveChanges';
import { RunSeries } from './runSeries';

export interface RunEntry {
  summary: RunSummary;
  /** What the run trains by now: its recipe with the live knobs turned since. */
  recipe: Recipe;
  /** `recorded` ships with the page; `session` lives in the worker; `ended` was lost with an earlier worker. */
  origin: 'recorded' | 'session' | 'ended';
  series: RunSeries;
  /** Grows with every batch of records, so that selectors notice. */
  revision: number;
  /** Index into the run colours. */
  color: number;
  hidden: boolean;
}

/** All runs of this page and what is done with them. */
export interface RunsSlice {
  runs: Record<string, RunEntry>;
  /** Oldest first. */
  runOrder: string[];
  /** The run in the worker that Train acts on. */
  activeId: string | undefined;
  /** The run drawn in full colour and shown by the single-run panels. */
  viewedId: string | undefined;
  baselineId: string | undefined;

  addRecorded(file: RecordedRun): void;
  receiveRun(summary: RunSummary): void;
  receiveRecords(runId: string, records: readonly RunRecord[]): void;

  /** Trains the active run, or first makes one from the draft where there is none that the draft describes. */
  train(): Promise<void>;
  pause(): Promise<void>;
  step(): Promise<void>;
  reset(): Promise<void>;
  /** A run of its own from the draft, at step 0; does not train yet. */
  startNew(): Promise<boolean>;
  fork(options: ForkOptions): Promise<boolean>;
  applyLive(): Promise<void>;
  activate(runId: string): Promise<void>;
  probe(): Promise<void>;

  /** The worker is gone: its runs stay in the plots but cannot be continued. */
  endSession(): void;
  view(runId: string): void;
  toggleHidden(runId: string): void;
  /** Pins a run as the baseline, or unpins it. */
  pin(runId: string): void;
}

export function createRunsSlice(connection: Connection): StateCreator<LabState, [], [], RunsSlice> {
  return (set, get) => {
    const adopt = (summary: RunSummary) => {
      get().receiveRun(summary);
      set({ activeId: summary.id, viewedId: summary.id });
      get().followLive();
    };
    const create = async () => adopt(await connection.api.create(get().draft));
    /** A run that has not begun is replaced by one that follows the draft; one that has begun is never touched by it. */
    const ensureRun = async () => {
      const active = activeRun(get());
      const stale = active?.summary.status === 'ready' && get().pendingChanges().length > 0 && !active.summary.parent;
      if (!active || stale || active.summary.status === 'failed' || active.summary.status === 'finished') await create();
    };
    const command = async (operation: string, work: () => Promise<void>) => {
      await get().attempt(operation, work, true);
    };

    return {
      runs: {},
      runOrder: [],
      activeId: undefined,
      viewedId: undefined,
      baselineId: undefined,

      addRecorded({ run, records }) {
        const series = new RunSeries();
        series.append(records);
        const entry = newEntry(run, 'recorded', get().runOrder.length, series);
        set({
          runs: { ...get().runs, [run.id]: entry },
          runOrder: [...get().runOrder, run.id],
          viewedId: get().viewedId ?? run.id,
        });
        get().openRecipes([run.recipe]);
      },

      receiveRun(summary) {
        const { runs, runOrder } = get();
        const known = runs[summary.id];
        const entry = known ? updated(known, summary) : newEntry(summary, 'session', runOrder.length, new RunSeries());
        set({ runs: { ...runs, [summary.id]: entry }, runOrder: known ? runOrder : [...runOrder, summary.id] });
        if (summary.status === 'failed' && known?.summary.status !== 'failed')
          get().report(`run ${summary.name}`, summary.reason ?? 'the run stopped without a reason');
      },

      receiveRecords(runId, records) {
        const entry = get().runs[runId];
        if (!entry) return;
        entry.series.append(records);
        set({ runs: { ...get().runs, [runId]: { ...entry, revision: entry.revision + 1 } } });
      },

      train: () =>
        command('train', async () => {
          await ensureRun();
          await connection.api.train();
        }),
      pause: () => command('pause', () => connection.api.pause()),
      step: () =>
        command('step', async () => {
          await ensureRun();
          await connection.api.step();
        }),
      reset: () => command('reset', async () => adopt(await connection.api.reset())),
      startNew: () => get().attempt('new run', create, true),
      fork(options) {
        const work = async () => {
          const child = await connection.api.fork(get().draft, options);
          adopt(child);
          // Budget and warm-up of the fork are part of the child's recipe: the knobs follow.
          get().load(child.recipe);
        };
        return get().attempt('fork', work, true);
      },

      applyLive: () =>
        command('apply', async () => {
          const active = activeRun(get());
          if (!active) return;
          const { changes, recipe } = liveChanges(active.recipe, get().draft);
          await connection.api.applyLive(changes);
          const entry = get().runs[active.summary.id];
          set({ runs: { ...get().runs, [active.summary.id]: { ...entry, recipe } } });
        }),

      activate: (runId) => command('activate', async () => adopt(await connection.api.activate(runId))),
      probe: () => command('probe', () => connection.api.probe()),

      endSession() {
        const ended = ([id, entry]: [string, RunEntry]) => [
          id,
          entry.origin === 'session' ? { ...entry, origin: 'ended' } : entry,
        ];
        set({ runs: Object.fromEntries(Object.entries(get().runs).map(ended)), activeId: undefined });
      },
      view(runId) {
        set({ viewedId: runId });
        get().followLive();
      },
      toggleHidden(runId) {
        const entry = get().runs[runId];
        set({ runs: { ...get().runs, [runId]: { ...entry, hidden: !entry.hidden } } });
      },
      pin(runId) {
        set({ baselineId: get().baselineId === runId ? undefined : runId });
      },
    };
  };
}

export function activeRun(state: LabState): RunEntry | undefined {
  return state.activeId === undefined ? undefined : state.runs[state.activeId];
}

export function viewedRun(state: LabState): RunEntry | undefined {
  return state.viewedId === undefined ? undefined : state.runs[state.viewedId];
}

/** Step at which the active run stands. */
export function currentStep({ summary, series }: RunEntry): number {
  return series.lastStep?.step ?? summary.start.step;
}

function newEntry(summary: RunSummary, origin: RunEntry['origin'], color: number, series: RunSeries): RunEntry {
  return { summary, recipe: summary.recipe, origin, series, revision: 0, color, hidden: false };
}

/** A summary that only changed status keeps the live knobs turned since; one with another recipe brings its own. */
function updated(entry: RunEntry, summary: RunSummary): RunEntry {
  const sameRecipe = JSON.stringify(entry.summary.recipe) === JSON.stringify(summary.recipe);
  return { ...entry, summary, recipe: sameRecipe ? entry.recipe : summary.recipe, origin: 'session' };
}
