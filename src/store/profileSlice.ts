import type { StateCreator } from 'zustand/vanilla';
import type { StepProfile } from '../core/profile';
import type { LabState } from './labStore';
import type { Connection } from './page/connection';
import { activeRun, currentStep } from './runsSlice';

/** A profile with what it was taken of. */
export interface ProfiledStep {
  runName: string;
  /** Optimizer steps the run had done. */
  step: number;
  profile: StepProfile;
}

/** One training step under the clock, kernel by kernel. */
export interface ProfileSlice {
  /** The newest; stays until the next one. */
  profiled: ProfiledStep | undefined;
  profiling: boolean;
  /** Times the active run's next step between two steps of its training. */
  profile(): Promise<void>;
}

export function createProfileSlice(connection: Connection): StateCreator<LabState, [], [], ProfileSlice> {
  return (set, get) => ({
    profiled: undefined,
    profiling: false,

    async profile() {
      const run = activeRun(get());
      if (!run || get().profiling) return;
      set({ profiling: true });
      await get().attempt('profile', async () => {
        const profile = await connection.api.profile();
        set({ profiled: { runName: run.summary.name, step: currentStep(get().runs[run.summary.id]), profile } });
      });
      set({ profiling: false });
    },
  });
}

/** Why no step can be profiled now; undefined where one can. */
export function profileObstacle(state: LabState): string | undefined {
  if (state.phase !== 'open') return 'Needs a GPU.';
  if (!activeRun(state)) return 'Needs a run: press Train or Step first.';
  return undefined;
}
