/**
 * A recipe as a flat list of named values, for the link in the address bar, the "Changes" column and the badges of the knobs.
 *
 * `{ optimizer: { learning_rate: 1e-3, betas: [0.9, 0.95] } }` is `optimizer.learning_rate = 0.001`, `optimizer.betas = 0.9,0.95`.
 * The two lists of records are one value each: `curriculum.stages = 256:0.4,1024:0.6` and `data.sources = books:0.7,facts:0.3`.
 */
import type { Recipe } from '../../core/recipe';

export type FieldValue = string | number | boolean;
type RecipeFields = Map<string, FieldValue>;

export interface FieldChange {
  path: string;
  /** undefined where one of the recipes lacks the field. */
  from: FieldValue | undefined;
  to: FieldValue | undefined;
}

/** What turning a knob in the middle of a run means. */
export type ChangeKind = 'live' | 'fork' | 'new' | 'label';

const LIVE_PATHS = new Set([
  'optimizer.learning_rate',
  'optimizer.min_learning_rate_ratio',
  'optimizer.weight_decay',
  'optimizer.betas',
  'optimizer.eps',
  'optimizer.max_grad_norm',
  'data.sources',
  'probes.every_steps',
]);

/** Live knobs act at once, forks need a child run, and another model or seed needs a run of its own; a label changes nothing. */
export function changeKind(path: string): ChangeKind {
  if (LIVE_PATHS.has(path)) return 'live';
  if (path === 'name') return 'label';
  if (path.startsWith('model.') || path === 'tokenizer' || path === 'precision' || path === 'seed') return 'new';
  return 'fork';
}

/** Recipes in the store are never changed in place, and every knob asks for these on every render. */
const known = new WeakMap<Recipe, RecipeFields>();

export function recipeFields(recipe: Recipe): ReadonlyMap<string, FieldValue> {
  const cached = known.get(recipe);
  if (cached) return cached;
  const fields: RecipeFields = new Map();
  flatten(recipe as Record<string, unknown>, '', fields);
  fields.delete('version');
  known.set(recipe, fields);
  return fields;
}

/** The fields in which two recipes differ, in the order of `to`, removed ones last. */
export function recipeChanges(from: Recipe, to: Recipe): FieldChange[] {
  const before = recipeFields(from);
  const after = recipeFields(to);
  const changes: FieldChange[] = [];
  for (const [path, value] of after) if (before.get(path) !== value) changes.push({ path, from: before.get(path), to: value });
  for (const [path, value] of before) if (!after.has(path)) changes.push({ path, from: value, to: undefined });
  return changes;
}

/** As `changeKind`, for a change at hand: a mix that names a source the run has not opened needs a fork, and an unused source nothing. */
export function kindOfChange({ path, from, to }: FieldChange): ChangeKind {
  if (path !== 'data.sources') return changeKind(path);
  const before = sharesIn(from);
  const after = sharesIn(to);
  const names = new Set([...before.keys(), ...after.keys()]);
  if ([...names].every((name) => (before.get(name) ?? 0) === (after.get(name) ?? 0))) return 'label';
  return [...after].some(([name, share]) => share > 0 && !before.has(name)) ? 'fork' : 'live';
}

/** `rope_theta 1e4 → 5e5`: the last word of the path is enough where no other field shares it. */
export function describeChange({ path, from, to }: FieldChange): string {
  return `${path.slice(path.lastIndexOf('.') + 1)} ${shortValue(from)} → ${shortValue(to)}`;
}

export function shortValue(value: FieldValue | undefined): string {
  if (value === undefined) return 'none';
  if (typeof value !== 'number') return String(value);
  const magnitude = Math.abs(value);
  if (value !== 0 && (magnitude >= 1e4 || magnitude < 1e-3))
    return Number(value.toPrecision(4)).toExponential().replace('e+', 'e');
  return String(Number(value.toPrecision(4)));
}

/** The stage list as one value: `256:0.4,1024:0.6`. */
function stagesValue(stages: Recipe['curriculum']['stages']): string {
  return stages.map(({ sequence_length, share }) => `${sequence_length}:${share}`).join(',');
}

/** The source list as one value: `books:0.7,facts:0.3`. */
function sourcesValue(sources: Recipe['data']['sources']): string {
  return sources.map(({ name, share }) => `${name}:${share}`).join(',');
}

function sharesIn(value: FieldValue | undefined): Map<string, number> {
  const pairs = String(value ?? '').split(',');
  return new Map(pairs.map((pair) => [pair.slice(0, pair.lastIndexOf(':')), Number(pair.slice(pair.lastIndexOf(':') + 1))]));
}

function flatten(node: Record<string, unknown>, prefix: string, fields: RecipeFields): void {
  for (const [key, value] of Object.entries(node)) {
    const path = prefix + key;
    if (path === 'curriculum.stages') fields.set(path, stagesValue(value as Recipe['curriculum']['stages']));
    else if (path === 'data.sources') fields.set(path, sourcesValue(value as Recipe['data']['sources']));
    else if (Array.isArray(value)) fields.set(path, value.join(','));
    else if (typeof value === 'object' && value !== null) flatten(value as Record<string, unknown>, `${path}.`, fields);
    else if (value !== undefined) fields.set(path, value as FieldValue);
  }
}
