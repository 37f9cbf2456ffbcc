import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../core/records';
import { tinyRecipe } from '../session/testing/tinyRecipe';

const recipe = { ...tinyRecipe, curriculum: { ...tinyRecipe.curriculum, total_tokens: 6 * 256 } };

/** Each run is a process that compiles its kernels first. */
const TIMEOUT_MS = 120_000;

let folder: string;
let recipeFile: string;
let tuningFile: string;

/** `lab train` in a process of its own, which remembers nothing of other runs. */
async function labTrain(name: string, ...options: string[]): Promise<void> {
  const args = ['scripts/lab.mjs', 'train', recipeFile, '--out', join(folder, name), ...options];
  await promisify(execFile)(process.execPath, args, { env: { ...process.env, LAB_TUNING_FILE: tuningFile } });
}

const checkpointFile = (name: string, file: string) => readFile(join(folder, name, 'checkpoint-6', file));

/** Everything recorded but the time it took. */
async function recordsOf(name: string): Promise<object[]> {
  const lines = (await readFile(join(folder, name, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const { seconds, ...record } = JSON.parse(line) as RunRecord;
    return record.type === 'step' ? { ...record, stepMs: 0, tokensPerSecond: 0 } : record;
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ropewalk-train-'));
  recipeFile = join(folder, 'recipe.json');
  tuningFile = join(folder, 'cache', 'tuning.json');
  await writeFile(recipeFile, JSON.stringify(recipe));
  await labTrain('whole', '--no-tuning');
}, TIMEOUT_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('lab train', { timeout: TIMEOUT_MS }, () => {
  it('writes the same weights, moments and records for the same recipe', async () => {
    await labTrain('again', '--no-tuning');
    for (const file of ['model.safetensors', 'optimizer.safetensors'])
      expect(await checkpointFile('again', file)).toEqual(await checkpointFile('whole', file));
    expect(await recordsOf('again')).toEqual(await recordsOf('whole'));
  });

  it('goes on from a checkpoint as if it had not stopped', async () => {
    await labTrain('halves', '--steps', '2', '--no-tuning');
    await labTrain('halves', '--resume');
    for (const file of ['model.safetensors', 'optimizer.safetensors'])
      expect(await checkpointFile('halves', file)).toEqual(await checkpointFile('whole', file));
    expect(await recordsOf('halves')).toEqual(await recordsOf('whole'));
  });

  it('takes a new run’s variants from what was tuned, and a resumed run’s from its record', async () => {
    await expect(readFile(tuningFile)).rejects.toThrow();
    await labTrain('first', '--steps', '1', '--budget', '1');
    const entries = JSON.parse(await readFile(tuningFile, 'utf8')) as Record<string, string>;
    const [[key, text]] = Object.entries(entries);
    // The budget is too short for a choice, so one is put in its place.
    await writeFile(tuningFile, JSON.stringify({ [key]: text.replace(/("flash_forward":)"[^"]+"/, '$1"rows-1"') }));
    const variantsOf = async (name: string) =>
      (JSON.parse(await readFile(join(folder, name, 'run.json'), 'utf8')) as { variants: object }).variants;
    await labTrain('tuned', '--steps', '1');
    expect(await variantsOf('tuned')).toMatchObject({ flash_forward: 'rows-1' });
    await rm(tuningFile);
    await labTrain('tuned', '--steps', '1', '--resume');
    expect(await variantsOf('tuned')).toMatchObject({ flash_forward: 'rows-1' });
    await expect(readFile(tuningFile)).rejects.toThrow();
  });

  it('refuses a folder that holds a run, and a recipe that is not one, in a sentence', async () => {
    await expect(labTrain('whole')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/expected a folder without a run/),
    });
    await writeFile(recipeFile, JSON.stringify({ ...recipe, seed: -1 }));
    await expect(labTrain('other')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^lab: recipe: expected seed/),
    });
  });
});
