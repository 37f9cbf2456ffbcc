import type { StateCreator } from 'zustand/vanilla';
import type { Intervention, InterventionEffect } from '../core/intervention';
import type { LabState } from './labStore';
import type { Connection } from './page/connection';
import { activeRun } from './runsSlice';

/** An effect with the run it was measured on. */
export interface MeasuredEffect extends InterventionEffect {
  id: number;
  runName: string;
}

/** What hangs on a part of the model, asked of the active run; newest first. */
export interface InterventionsSlice {
  effects: MeasuredEffect[];
  intervening: boolean;
  intervene(intervention: Intervention): Promise<void>;
}

export function createInterventionsSlice(connection: Connection): StateCreator<LabState, [], [], InterventionsSlice> {
  return (set, get) => {
    let nextId = 1;
    return {
      effects: [],
      intervening: false,

      async intervene(intervention) {
        if (get().intervening) return;
        set({ intervening: true });
        await get().attempt('intervene', async () => {
          if (!activeRun(get()) && !(await get().startNew())) return;
          const run = activeRun(get());
          if (!run) return;
          const effect = await connection.api.intervene(intervention);
          set({ effects: [{ ...effect, id: nextId++, runName: run.summary.name }, ...get().effects] });
        });
        set({ intervening: false });
      },
    };
  };
}
