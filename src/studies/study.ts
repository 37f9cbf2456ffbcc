import { InputError } from '../core/errors';
import { parseRecipe, type Recipe, type RecipeInput } from '../core/recipe';
import type { FinishedRun } from '../session/headless/finishRun';

/** Sizes a study can be run at. `pico` has one seed and a tenth of the tokens: it shows that everything works, not what is true. */
export const SCALES = ['pico', 'nano', 'micro', 'small'] as const;
export type ScaleName = (typeof SCALES)[number];

/** What a study needs to know of a scale. */
export interface Scale {
  name: ScaleName;
  seeds: readonly number[];
  shortLength: number;
  longLength: number;
  /** Training tokens of each arm. */
  tokens: number;
  tokensPerStep: number;
  learningRate: number;
  /** Name of the checkpoint that a seed extends. */
  base(seed: number): string;
  /** The model of a study that trains from nothing. */
  shape: Extract<RecipeInput['model'], { shape: unknown }>['shape'];
  tokenizer: string;
  /** Windows per source and questions per task in the last evaluation. */
  evaluationRows: number;
}

/** One way of training, the same for all seeds but for what the seed decides: initial weights, data order. */
export interface Arm {
  name: string;
  label: string;
  recipe(seed: number): RecipeInput;
}

/** What one run left behind; evaluations lie shortest rows first. */
export type RunOutcome = FinishedRun;

/** One number of a run. */
export interface Measure {
  name: string;
  label: string;
  better: 'lower' | 'higher';
  digits: number;
  of(outcome: RunOutcome): number | undefined;
}

/** A comparison that was chosen before the study ran. */
export interface Contrast {
  measure: string;
  arm: string;
  against: string;
  /** What the paper leads one to expect of arm less against. */
  expected: 'lower' | 'higher' | 'no difference';
}

/** A figure: one line per run and arm. */
export interface Figure {
  name: string;
  title: string;
  x: string;
  y: string;
  logX: boolean;
  of(outcome: RunOutcome): { x: number[]; y: number[] };
}

export interface PaperTable {
  caption: string;
  header: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A study of the paper in miniature. */
export interface Study {
  name: string;
  title: string;
  /** Where the paper has it. */
  source: string;
  hypothesis: string;
  scales: readonly ScaleName[];
  scale(name: ScaleName): Scale;
  arms(scale: Scale): Arm[];
  /** Columns that follow from an arm's recipe alone. */
  facts?(outcome: RunOutcome): Record<string, string>;
  measures(scale: Scale): Measure[];
  contrasts: readonly Contrast[];
  figures: readonly Figure[];
  paper: readonly PaperTable[];
  /** Why the miniature may differ from the paper. */
  caveats: readonly string[];
}

/** One training of a study. */
export interface StudyRun {
  id: string;
  arm: Arm;
  seed: number;
  recipe: Recipe;
}

export interface StudyPlan {
  study: Study;
  scale: Scale;
  arms: Arm[];
  runs: StudyRun[];
}

/** All runs of a study, seed by seed, so that an unfinished queue already holds whole pairs. */
export function planStudy(study: Study, scaleName: ScaleName, seeds?: readonly number[]): StudyPlan {
  if (!study.scales.includes(scaleName))
    throw new InputError(`study ${study.name}`, `a scale of ${study.scales.join(', ')}`, scaleName, 'choose one of them');
  const scale = { ...study.scale(scaleName), ...(seeds && { seeds }) };
  const arms = study.arms(scale);
  const runs = scale.seeds.flatMap((seed) =>
    arms.map((arm) => ({ id: `${arm.name}-s${seed}`, arm, seed, recipe: parseRecipe(arm.recipe(seed)) })),
  );
  return { study, scale, arms, runs };
}
