import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RecipeInput } from '../src/core/recipe';
import type { RecordedRun } from '../src/core/records';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Trains a recipe with `lab train` in a process of its own, on SwiftShader as the browser does, and returns what it recorded. */
export async function trainHeadless(recipe: RecipeInput): Promise<RecordedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  try {
    const recipeFile = join(folder, 'recipe.json');
    const out = join(folder, 'run');
    writeFileSync(recipeFile, JSON.stringify(recipe));
    await promisify(execFile)(process.execPath, ['scripts/lab.mjs', 'train', recipeFile, '--out', out], {
      cwd: ROOT,
      env: { ...process.env, LAB_ADAPTER: 'swiftshader', LAB_TUNING: 'off' },
    });
    return JSON.parse(readFileSync(join(out, 'recorded.json'), 'utf8')) as RecordedRun;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
