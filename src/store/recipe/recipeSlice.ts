import type { StateCreator } from 'zustand/vanilla';
import { parseRecipe, type Recipe } from '../../core/recipe';
import type { RunPlan } from '../../core/records';
import type { SourceSummary } from '../../worker/protocol';
import type { LabState } from '../labStore';
import type { Connection } from '../page/connection';
import type { StorePorts } from '../page/ports';
import { activeRun } from '../runsSlice';
import { type FieldChange, kindOfChange, recipeChanges } from './recipeFields';
import { recipeFromHash, recipeToHash } from './recipeLink';

/** The knobs: the draft recipe, where it came from, and what it would take. */
export interface RecipeSlice {
  presets: Recipe[];
  preset: Recipe;
  /** What the knobs show. Always of the right shape; `draftError` says where its values do not fit together. */
  draft: Recipe;
  draftError: string | undefined;
  plan: RunPlan | undefined;
  planError: string | undefined;
  /** Share of a dropped file's tokens that are ready, while one is read. */
  addingSource: { name: string; share: number } | undefined;

  openRecipes(presets: Recipe[]): void;
  choosePreset(name: string): void;
  /** Turns one or more knobs. */
  edit(change: (draft: Recipe) => void): void;
  /** Takes a whole recipe, as pasted or uploaded; throws an InputError where it is not one. */
  load(value: unknown): void;
  revert(): void;
  /** The address changed under the page: a link was followed or edited by hand. */
  followLink(): void;
  addFiles(files: readonly File[]): Promise<void>;
  /** Where the draft differs from the run Train acts on, or from its preset where there is none. */
  pendingChanges(): FieldChange[];
}

/** Until the lab or a recorded run brings recipes: a small model on plain bytes. */
const FIRST_DRAFT = parseRecipe({
  version: 1,
  name: 'empty',
  model: {
    shape: {
      vocab_size: 259,
      hidden_size: 64,
      intermediate_size: 192,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 16,
    },
  },
  tokenizer: 'bytes',
  rope_parameters: { rope_type: 'default', rope_theta: 10_000 },
  data: { sources: [{ name: 'books', share: 1 }] },
  curriculum: { total_tokens: 262_144, tokens_per_step: 2048, stages: [{ sequence_length: 256, share: 1 }] },
  optimizer: { learning_rate: 1e-3 },
});

const PLAN_DELAY_MS = 150;

export function createRecipeSlice(ports: StorePorts, connection: Connection): StateCreator<LabState, [], [], RecipeSlice> {
  return (set, get) => {
    let planTimer: ReturnType<typeof setTimeout> | undefined;
    let asked = 0;

    const requestPlan = () => {
      clearTimeout(planTimer);
      if (get().phase !== 'open') return;
      planTimer = setTimeout(async () => {
        const question = ++asked;
        try {
          const plan = await connection.api.plan(get().draft);
          if (question === asked) set({ plan, planError: undefined });
        } catch (error) {
          if (question === asked) set({ plan: undefined, planError: error instanceof Error ? error.message : String(error) });
        }
      }, PLAN_DELAY_MS);
    };

    const adopt = (draft: Recipe, preset = get().preset) => {
      set({ draft, preset, draftError: problemOf(draft) });
      ports.writeHash(recipeToHash(preset, draft));
      requestPlan();
    };

    return {
      presets: [],
      preset: FIRST_DRAFT,
      draft: FIRST_DRAFT,
      draftError: undefined,
      plan: undefined,
      planError: undefined,
      addingSource: undefined,

      openRecipes(presets) {
        // The recorded run's recipe stands in until the worker's recipes arrive; it never replaces them.
        if (!presets.length || (get().facts && presets !== get().facts?.recipes)) return;
        set({ presets });
        try {
          const { preset, recipe } = recipeFromHash(ports.readHash(), presets);
          set({ preset, draft: recipe, draftError: undefined });
        } catch (error) {
          set({ preset: presets[0], draft: presets[0], draftError: undefined });
          if (get().facts) get().report('address', error);
        }
        requestPlan();
      },

      choosePreset(name) {
        const preset = get().presets.find((candidate) => candidate.name === name);
        if (preset) adopt(preset, preset);
      },

      edit(change) {
        const draft = structuredClone(get().draft);
        change(draft);
        adopt(draft);
      },

      load(value) {
        adopt(parseRecipe(value));
      },

      revert() {
        adopt(activeRun(get())?.recipe ?? get().preset);
      },

      followLink() {
        const { presets } = get();
        if (!presets.length || ports.readHash() === recipeToHash(get().preset, get().draft)) return;
        try {
          const { preset, recipe } = recipeFromHash(ports.readHash(), presets);
          adopt(recipe, preset);
        } catch (error) {
          get().report('address', error);
        }
      },

      async addFiles(files) {
        await get().attempt('adding files', async () => {
          const name = sourceName(files, get().facts?.sources ?? []);
          set({ addingSource: { name, share: 0 } });
          try {
            const texts = await Promise.all(files.map(async (file) => ({ name: file.name, text: await file.text() })));
            const source = await connection.api.addSource(name, texts, (share) => set({ addingSource: { name, share } }));
            const { facts } = get();
            if (facts) set({ facts: { ...facts, sources: [...facts.sources, source] } });
            get().edit((draft) => {
              draft.data.sources.push({ name: source.name, share: 0 });
            });
          } finally {
            set({ addingSource: undefined });
          }
        });
      },

      pendingChanges() {
        return recipeChanges(activeRun(get())?.recipe ?? get().preset, get().draft).filter(
          (change) => kindOfChange(change) !== 'label',
        );
      },
    };
  };
}

function problemOf(draft: Recipe): string | undefined {
  try {
    parseRecipe(draft);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A source is called after its first file, with a number where that name is taken. */
function sourceName(files: readonly File[], sources: readonly SourceSummary[]): string {
  const stem = files[0].name.replace(/\.[^.]*$/, '').replace(/[^\w-]+/g, '-') || 'files';
  const taken = new Set(sources.map((source) => source.name));
  let name = stem;
  for (let n = 2; taken.has(name); n++) name = `${stem}-${n}`;
  return name;
}
