import type { Recipe } from '../../../core/recipe';

export type Stages = Recipe['curriculum']['stages'];

/** Smallest share a stage can be dragged to. */
const MIN_SHARE = 0.02;

/** Shares normalised to a sum of 1, rounded to whole per mille so that links stay short. */
export function normalised(stages: Stages): Stages {
  const sum = stages.reduce((total, { share }) => total + share, 0);
  return stages.map((stage) => ({ ...stage, share: round(stage.share / sum) }));
}

/** Right edge of each stage as a share of the tokens; the last is 1. */
export function boundaries(stages: Stages): number[] {
  const sum = stages.reduce((total, { share }) => total + share, 0);
  let before = 0;
  return stages.map(({ share }) => (before += share / sum));
}

/** Moves the edge between stage `index` and the next; only these two change. */
export function moveBoundary(stages: Stages, index: number, to: number): Stages {
  const all = normalised(stages);
  const edges = boundaries(all);
  const left = index === 0 ? 0 : edges[index - 1];
  const right = edges[index + 1];
  const edge = Math.min(Math.max(to, left + MIN_SHARE), right - MIN_SHARE);
  return all.map((stage, i) =>
    i === index ? { ...stage, share: round(edge - left) } : i === index + 1 ? { ...stage, share: round(right - edge) } : stage,
  );
}

/** Splits the last stage in two and doubles the length of the second half. */
export function addStage(stages: Stages): Stages {
  const last = stages[stages.length - 1];
  const half = round(last.share / 2);
  return [...stages.slice(0, -1), { ...last, share: half }, { sequence_length: last.sequence_length * 2, share: half }];
}

/** Gives a removed stage's tokens to its neighbour. */
export function removeStage(stages: Stages, index: number): Stages {
  const heir = index === 0 ? 1 : index - 1;
  return stages
    .map((stage, i) => (i === heir ? { ...stage, share: round(stage.share + stages[index].share) } : stage))
    .filter((_, i) => i !== index);
}

function round(share: number): number {
  return Math.max(Math.round(share * 1000) / 1000, 0.001);
}
