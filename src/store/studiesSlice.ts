import type { StateCreator } from 'zustand/vanilla';
import { inputErrorFrom } from '../core/recipe';
import { z } from '../core/zod';
import type { LabState } from './labStore';
import type { StorePorts } from './page/ports';

const indexSchema = z.strictObject({
  version: z.literal(1),
  studies: z.array(
    z.strictObject({
      study: z.string(),
      scale: z.string(),
      title: z.string(),
      source: z.string(),
      question: z.string(),
      /** What was found, in a sentence; absent where it has not been run. */
      finding: z.string().optional(),
      /** Folder of the report below `studies/`; absent where it has not been run. */
      folder: z
        .string()
        .regex(/^[\w-]+$/)
        .optional(),
    }),
  ),
});

const planSchema = z.array(z.looseObject({ id: z.string(), arm: z.string(), seed: z.number(), recipe: z.unknown() }));

export type ShippedStudy = z.output<typeof indexSchema>['studies'][number];

/** One training of a study, ready to be loaded into the knobs. */
export type StudyRecipe = z.output<typeof planSchema>[number];

/** The studies that ship with the page: their reports, and the recipes of every run. */
export interface StudiesSlice {
  /** Undefined until asked for. */
  studies: ShippedStudy[] | undefined;
  study: ShippedStudy | undefined;
  studyRecipes: StudyRecipe[];
  openStudies(): Promise<void>;
  chooseStudy(study: ShippedStudy): Promise<void>;
  /** Puts a run's recipe into the knobs and shows the lab. */
  loadStudyRecipe(id: string): void;
}

export function createStudiesSlice(ports: StorePorts): StateCreator<LabState, [], [], StudiesSlice> {
  return (set, get) => ({
    studies: undefined,
    study: undefined,
    studyRecipes: [],

    async openStudies() {
      if (get().studies) return;
      await get().attempt('studies', async () => {
        const result = indexSchema.safeParse((await ports.fetchJson('studies/index.json')) ?? { version: 1, studies: [] });
        if (!result.success) throw inputErrorFrom('studies/index.json', result.error);
        const { studies } = result.data;
        set({ studies });
        const first = studies.find(({ folder }) => folder);
        if (first) await get().chooseStudy(first);
      });
    },

    async chooseStudy(study) {
      set({ study, studyRecipes: [] });
      if (!study.folder) return;
      await get().attempt('studies', async () => {
        const result = planSchema.safeParse(await ports.fetchJson(`studies/${study.folder}/plan.json`));
        if (!result.success) throw inputErrorFrom(`studies/${study.folder}/plan.json`, result.error);
        if (get().study === study) set({ studyRecipes: result.data });
      });
    },

    loadStudyRecipe(id) {
      const found = get().studyRecipes.find((recipe) => recipe.id === id);
      if (!found) return;
      get().load(found.recipe);
      get().select({ tab: 'lab' });
    },
  });
}
