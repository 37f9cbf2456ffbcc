/**
 * The whole recipe in the address bar, as a readable difference from its preset:
 * `#p=extend-base&rope_parameters.rope_theta=500000&curriculum.stages=256:0.4,1024:0.6`. An empty value takes a field away.
 */
import { InputError } from '../../core/errors';
import { parseRecipe, type Recipe } from '../../core/recipe';
import { type FieldValue, recipeChanges } from './recipeFields';

const ADVICE = 'check the link, or open the page without the part after #';

export function recipeToHash(preset: Recipe, recipe: Recipe): string {
  const parts = recipeChanges(preset, recipe).map(({ path, to }) => `${path}=${to === undefined ? '' : encodeValue(to)}`);
  return `#${[`p=${slug(preset.name)}`, ...parts].join('&')}`;
}

/** Fields that are lists of numbers: `0.9,0.95`. */
const NUMBER_LISTS = new Set([
  'optimizer.betas',
  'rope_parameters.nope_layers',
  'rope_parameters.short_factor',
  'rope_parameters.long_factor',
]);

/**
 * Reads a hash back. An empty hash is the first preset.
 * @throws InputError that names the offending part; nothing is half applied.
 */
export function recipeFromHash(hash: string, presets: readonly Recipe[]): { preset: Recipe; recipe: Recipe } {
  const entries = splitHash(hash);
  const name = entries.get('p');
  entries.delete('p');
  const preset = name === undefined ? presets[0] : presets.find((candidate) => slug(candidate.name) === name);
  if (!preset)
    throw new InputError('link', `p to name one of ${presets.map((candidate) => slug(candidate.name)).join(', ')}`, name, ADVICE);
  const recipe: Record<string, unknown> = structuredClone(preset);
  for (const [path, text] of entries) assign(recipe, path, text);
  return { preset, recipe: parseRecipe(recipe) };
}

/** A name as it reads well in an address: `Extend the base, 1,024 tokens` is `extend-the-base-1-024-tokens`. */
function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
}

function splitHash(hash: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const part of hash.replace(/^#/, '').split('&')) {
    if (!part) continue;
    const equals = part.indexOf('=');
    if (equals < 1) throw new InputError('link', 'name=value after each &', part, ADVICE);
    entries.set(decode(part.slice(0, equals)), decode(part.slice(equals + 1)));
  }
  return entries;
}

function assign(recipe: Record<string, unknown>, path: string, text: string): void {
  const keys = path.split('.');
  if (keys.some((key) => !/^[a-z][a-z0-9_]*$/.test(key))) throw new InputError('link', 'names of recipe fields', path, ADVICE);
  let node = recipe;
  for (const key of keys.slice(0, -1)) {
    if (!Object.hasOwn(node, key)) node[key] = {};
    const child = node[key];
    if (typeof child !== 'object' || child === null || Array.isArray(child))
      throw new InputError('link', `${key} to hold other fields`, path, ADVICE);
    node = child as Record<string, unknown>;
  }
  const key = keys[keys.length - 1];
  if (text === '') delete node[key];
  else node[key] = fieldFrom(path, text);
}

function fieldFrom(path: string, text: string): unknown {
  if (path === 'curriculum.stages')
    return pairs(path, text).map(([length, share]) => ({ sequence_length: Number(length), share }));
  if (path === 'data.sources') return pairs(path, text).map(([name, share]) => ({ name, share }));
  if (path === 'probes.retrieval_tasks') return text.split(',');
  // A list of one number was quoted as text that looks like a number.
  if (NUMBER_LISTS.has(path))
    return text
      .replace(/^"(.*)"$/, '$1')
      .split(',')
      .map(Number);
  return plainValue(text);
}

/** `a:1,b:2` as [['a', 1], ['b', 2]]. */
function pairs(path: string, text: string): [string, number][] {
  return text.split(',').map((pair) => {
    const colon = pair.lastIndexOf(':');
    const share = Number(pair.slice(colon + 1));
    if (colon < 1 || !Number.isFinite(share))
      throw new InputError('link', `${path} to be a list like 256:0.4,1024:0.6`, pair, ADVICE);
    return [pair.slice(0, colon), share];
  });
}

function plainValue(text: string): FieldValue {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^".*"$/.test(text)) return text.slice(1, -1);
  const number = Number(text);
  return Number.isFinite(number) && text.trim() !== '' ? number : text;
}

/** Text that would be read as a number or truth value is quoted. */
function encodeValue(value: FieldValue): string {
  if (typeof value === 'string' && typeof plainValue(value) !== 'string') return encode(`"${value}"`);
  return encode(String(value));
}

/** Percent encoding of what would break the hash or a pasted link; colons and commas stay readable. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':').replaceAll('%2C', ',');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InputError('link', 'percent-encoded text', text, ADVICE);
  }
}
