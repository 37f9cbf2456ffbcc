import type { StateCreator } from 'zustand/vanilla';
import type { Scores } from '../core/intervention';
import { type EncodingField, encodingOf, type RopeParameters } from '../core/positionEncoding';
import type { LabState } from './labStore';
import type { Connection } from './page/connection';
import { activeRun, currentStep } from './runsSlice';

/** One parameter of the run's encoding over a range, on the weights as they are. */
export interface EncodingSweep {
  runName: string;
  /** Optimizer steps the run had done. */
  step: number;
  field: EncodingField;
  values: number[];
  /** By value; grows while it runs. */
  scores: Scores[];
}

/** The training-free sweep of the position encoding; the newest stays until the next. */
export interface SweepSlice {
  sweep: EncodingSweep | undefined;
  sweeping: boolean;
  /** Sweeps a field of the active run's encoding, or of what the knobs start from. */
  sweepEncoding(fieldName: string): Promise<void>;
}

const POINTS = 9;

export function createSweepSlice(connection: Connection): StateCreator<LabState, [], [], SweepSlice> {
  return (set, get) => ({
    sweep: undefined,
    sweeping: false,

    async sweepEncoding(fieldName) {
      if (get().sweeping) return;
      set({ sweeping: true });
      await get().attempt('sweep', async () => {
        if (!activeRun(get()) && !(await get().startNew())) return;
        const run = activeRun(get());
        if (!run) return;
        const rope = run.recipe.rope_parameters;
        const field = sweptFields(rope).find(({ name }) => name === fieldName) ?? sweptFields(rope)[0];
        if (!field) return;
        const values = sweptValues(field, Math.max(...run.recipe.curriculum.stages.map((stage) => stage.sequence_length)));
        const sweep = { runName: run.summary.name, step: currentStep(run), field, values };
        const scores: Scores[] = [];
        set({ sweep: { ...sweep, scores: [] } });
        await connection.api.sweepEncodings(
          values.map((value) => ({ ...rope, [field.name]: value }) as RopeParameters),
          (at, score) => {
            scores[at] = score;
            set({ sweep: { ...sweep, scores: [...scores] } });
          },
        );
      });
      set({ sweeping: false });
    },
  });
}

/** Fields of an encoding that may be swept: its base and factors. */
export function sweptFields(rope: RopeParameters): EncodingField[] {
  return encodingOf(rope).fields.filter(({ name }) => ['rope_theta', 'factor', 'scale_base'].includes(name));
}

/** Evenly spread on the field's log axis, to three digits: a base from 1,000 to 100 million, xPos's scale round the longest row. */
export function sweptValues({ name, min, max }: EncodingField, longest: number): number[] {
  const ranges: Record<string, [number, number]> = { rope_theta: [1e3, 1e8], scale_base: [longest / 8, longest * 8] };
  const [low, high] = ranges[name] ?? [min, max];
  return Array.from({ length: POINTS }, (_, i) => Number((low * (high / low) ** (i / (POINTS - 1))).toPrecision(3)));
}
