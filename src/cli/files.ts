import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../core/errors';
import type { AssetReader } from '../core/ports';
import { parseRecipe, type Recipe } from '../core/recipe';
import { type LoadedCheckpoint, loadCheckpoint } from '../session/checkpointFiles';
import type { CheckpointPlace } from '../session/headless/openCheckpoint';
import type { CommandLine } from './commandLine';

export interface OpenRecipe {
  recipe: Recipe;
  assets: AssetReader;
  checkpoint?: LoadedCheckpoint;
}

/** The assets folder's files; paths that leave it are refused. */
export function diskAssets(folder: string): AssetReader {
  return {
    async read(path) {
      const full = resolve(folder, path);
      const inside = relative(folder, full);
      if (inside.startsWith('..') || isAbsolute(inside))
        throw new InputError('assets', `a path below ${folder}`, path, 'fix the path');
      return readBytes(full);
    },
  };
}

/** A file's bytes, or a sentence that names it. */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw new InputError('read file', path, (error as NodeJS.ErrnoException).code ?? 'an error', 'check the path');
  }
}

export async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path));
}

export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readText(path));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(path, 'JSON', (error as Error).message, 'check that the file is complete');
  }
}

/** A Hugging Face folder on disk, or a shipped model by its name; a folder of that name comes first. */
export function checkpointPlace(assets: AssetReader, nameOrFolder: string): CheckpointPlace {
  if (/^[\w-]+$/.test(nameOrFolder) && !existsSync(nameOrFolder)) return { files: assets, folder: `models/${nameOrFolder}` };
  return { files: { read: (path) => readBytes(join(nameOrFolder, path)) }, folder: '' };
}

export function readCheckpoint(assets: AssetReader, nameOrFolder: string): Promise<LoadedCheckpoint> {
  const { files, folder } = checkpointPlace(assets, nameOrFolder);
  return loadCheckpoint(files, folder);
}

/** A recipe file with what it trains from: the call's assets, and the checkpoint that it names, if any. */
export async function openRecipe(line: CommandLine, path: string): Promise<OpenRecipe> {
  const recipe = parseRecipe(await readJson(path));
  const assets = openAssets(line);
  const checkpoint = 'checkpoint' in recipe.model ? await readCheckpoint(assets, recipe.model.checkpoint) : undefined;
  return { recipe, assets, checkpoint };
}

/** `public/` of the repository as seen from the built runner, `.cache/lab/lab.mjs`. */
const SHIPPED_ASSETS = resolve(dirname(fileURLToPath(import.meta.url)), '../../public');

/** The assets of this call: --assets, LAB_ASSETS, or what ships with the lab. */
export function openAssets({ options }: CommandLine): AssetReader {
  return diskAssets(resolve(options.assets ?? process.env.LAB_ASSETS ?? SHIPPED_ASSETS));
}
