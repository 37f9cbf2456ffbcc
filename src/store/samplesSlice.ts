import type { StateCreator } from 'zustand/vanilla';
import type { GenerateOptions, GenerateResult } from '../worker/protocol';
import type { LabState } from './labStore';
import type { Connection } from './page/connection';
import { activeRun, currentStep } from './runsSlice';

export interface Sample {
  id: number;
  runId: string;
  runName: string;
  step: number;
  options: GenerateOptions;
  /** Grows while it streams. */
  text: string;
  /** undefined while it streams or after a failure. */
  result: GenerateResult | undefined;
}

/** Text made by the active run's weights; newest first. */
export interface SamplesSlice {
  samples: Sample[];
  generating: number | undefined;
  generate(options: GenerateOptions): Promise<void>;
  cancelGenerate(): Promise<void>;
}

export function createSamplesSlice(connection: Connection): StateCreator<LabState, [], [], SamplesSlice> {
  return (set, get) => {
    const change = (id: number, part: (sample: Sample) => Partial<Sample>) =>
      set({ samples: get().samples.map((sample) => (sample.id === id ? { ...sample, ...part(sample) } : sample)) });
    let nextSample = 1;
    return {
      samples: [],
      generating: undefined,

      async generate(options) {
        if (get().generating !== undefined) return;
        const id = nextSample++;
        set({ generating: id });
        await get().attempt('generate', async () => {
          if (!activeRun(get()) && !(await get().startNew())) return;
          const run = activeRun(get());
          if (!run) return;
          const sample: Sample = {
            id,
            runId: run.summary.id,
            runName: run.summary.name,
            step: currentStep(run),
            options,
            text: '',
            result: undefined,
          };
          set({ samples: [sample, ...get().samples] });
          const result = await connection.api.generate(options, (piece) => change(id, ({ text }) => ({ text: text + piece })));
          change(id, () => ({ text: result.text, result }));
        });
        set({ generating: undefined });
      },

      async cancelGenerate() {
        await get().attempt('cancel', () => connection.api.cancelGenerate());
      },
    };
  };
}
