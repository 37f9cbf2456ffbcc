import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecipeBench } from '../session/headless/benchRecipe';
import { tinyRecipe } from '../session/testing/tinyRecipe';

const TIMEOUT_MS = 120_000;

let folder: string;
let recipeFile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ropewalk-bench-'));
  recipeFile = join(folder, 'recipe.json');
  await writeFile(recipeFile, JSON.stringify(tinyRecipe));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A command on SwiftShader, in a process of its own. */
function lab(...words: string[]) {
  return promisify(execFile)(process.execPath, ['scripts/lab.mjs', ...words, '--adapter', 'swiftshader'], { cwd: process.cwd() });
}

async function benchOf(...options: string[]): Promise<RecipeBench> {
  return JSON.parse((await lab('bench', '--recipe', recipeFile, '--json', ...options)).stdout);
}

describe('lab bench --recipe', { timeout: TIMEOUT_MS }, () => {
  it('counts and times the first step as it is trained', async () => {
    const { compile, step, decode } = await benchOf();
    expect(compile.map(({ pipeline }) => pipeline.split('(')[0])).toContain('flash_backward_dkv');
    expect(new Set(compile.map(({ pipeline }) => pipeline)).size).toBe(compile.length);
    expect(decode).toBeUndefined();
    expect(step).toMatchObject({ sequenceLength: 64, tokens: 256 });
    const calls = step!.kernels.reduce((sum, kernel) => sum + kernel.calls, 0);
    expect(step!.dispatches).toBe(calls);
    expect(step!.longestDispatchMs).toBeGreaterThan(0);
    // Recomputation comes on top, and both are shares of one peak.
    expect(step!.hfu / step!.mfu).toBeCloseTo(step!.hardwareFlops / step!.modelFlops, 6);
    expect(step!.hardwareFlops).toBeGreaterThan(step!.modelFlops);
  });

  it('decodes after a prompt, against the bytes a token must read', async () => {
    const { step, decode } = await benchOf('--decode', '300');
    expect(step).toBeUndefined();
    const { hidden_size: d, intermediate_size: f, head_dim: h, vocab_size: v } = tinyRecipe.model.shape;
    // 258 entries and both halves of a head are padded to multiples of 4 as stored.
    const weights = 2 * (d * (2 + 2) * h + 2 * h * d + 3 * d * f + 2 * d) + d + Math.ceil(v / 4) * 4 * d;
    const cache = 2 * 300 * 2 * h;
    expect(decode!.promptTokens).toBe(300);
    // Tensors begin at multiples of 256 bytes, which leaves gaps.
    expect(decode!.bytes / (4 * (weights + cache))).toBeGreaterThanOrEqual(1);
    expect(decode!.bytes / (4 * (weights + cache))).toBeLessThan(1.02);
    expect(decode!.floorMs).toBeCloseTo(decode!.bytes / decode!.peak.copyGigabytesPerSecond / 1e6, 9);
  });

  it.each([
    [['--decode', '300'], '--decode only with --recipe'],
    [['--variants', '{}'], '--variants only with --recipe'],
    [['--recipe', 'r.json', '--kernels'], '--kernels only without --recipe'],
  ])('refuses %j, which would do nothing', async (words, sentence) => {
    await expect(lab('bench', ...words)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(sentence) });
  });
});
