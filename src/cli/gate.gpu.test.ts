import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseRecipe } from '../core/recipe';
import { openGpu } from '../session/headless/openGpu';
import { runPrecisionGate } from '../session/headless/precisionGate';
import { tinyRecipe } from '../session/testing/tinyRecipe';
import { openDawn } from './dawn';
import { diskAssets } from './files';

const TIMEOUT_MS = 120_000;

let folder: string;
let recipeFile: string;
/** The folder that the command is called in: empty. */
let stand: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ropewalk-gate-'));
  recipeFile = join(folder, 'recipe.json');
  stand = join(folder, 'stand');
  await Promise.all([mkdir(stand), writeFile(recipeFile, JSON.stringify(tinyRecipe))]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** `lab gate` on SwiftShader, which has no shader-f16, in a process of its own. */
function labGate(...options: string[]) {
  const args = [resolve('scripts/lab.mjs'), 'gate', recipeFile, '--adapter', 'swiftshader', ...options];
  // A driver that is set would come before --adapter, and npm's idea of where the user stands before `cwd`.
  const env = { ...process.env, LAB_TUNING_FILE: join(stand, 'tuning.json'), VK_DRIVER_FILES: '', npm_lifecycle_event: '' };
  return promisify(execFile)(process.execPath, args, { cwd: stand, env });
}

describe('lab gate without shader-f16', { timeout: TIMEOUT_MS }, () => {
  it.each([[[]], [['--json']]])('is refused in one sentence that names it, with options %j', async (options) => {
    await expect(labGate('--steps', '2', ...options)).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^lab: recipe: expected precision float32, since this adapter has no shader-f16, .+\n$/),
    });
    expect(await readdir(folder, { recursive: true })).toHaveLength(2);
  });

  it('is refused before anything is trained, in either precision', async () => {
    const gpu = await openGpu(openDawn());
    const features = gpu.facts.features.filter((feature) => feature !== 'shader-f16');
    const onStep = vi.fn();
    await expect(
      runPrecisionGate({
        gpu: { ...gpu, facts: { ...gpu.facts, features } },
        assets: diskAssets('public'),
        recipe: parseRecipe(tinyRecipe),
        steps: 2,
        variants: {},
        onStep,
      }),
    ).rejects.toThrow('shader-f16');
    expect(onStep).not.toHaveBeenCalled();
  });
});
