import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-cli-'));
const RECIPE = 'public/recipes/pretrain-nano.json';

// Each call starts Node, and the first one builds the runner.
vi.setConfig({ testTimeout: 60_000 });

afterAll(() => rmSync(folder, { recursive: true }));

/** The headless runner as a user starts it. None of these calls opens a GPU. */
function lab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/lab.mjs', ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function write(name: string, value: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

const recipe = JSON.parse(readFileSync(RECIPE, 'utf8'));

describe('bad input to the headless runner', () => {
  it.each<[what: string, args: string[], sentence: RegExp]>([
    ['a file that is not there', ['plan', join(folder, 'none.json')], /lab: read file: expected .*none\.json, got ENOENT/],
    ['a file that is not JSON', ['plan', write('cut.json', '{"version": 1,')], /cut\.json: expected JSON, got /],
    [
      'a recipe with a bad field, by its path',
      ['plan', write('field.json', { ...recipe, optimizer: { ...recipe.optimizer, learning_rate: -1 } })],
      /recipe: expected optimizer\.learning_rate to be valid/,
    ],
    ['a recipe with an unknown field', ['plan', write('unknown.json', { ...recipe, colour: 'red' })], /recipe: .*"colour"/],
    [
      'a checkpoint that is not there',
      ['plan', write('checkpoint.json', { ...recipe, model: { checkpoint: join(folder, 'none') }, tokenizer: undefined })],
      /none\/config\.json, got ENOENT/,
    ],
    ['an unknown option', ['plan', RECIPE, '--fast'], /lab plan: .*'--fast'/],
    ['a check without a checkpoint', ['check', folder], /lab check: expected --checkpoint DIR, got none/],
    ['a train without a folder', ['train', RECIPE], /lab train: expected --out DIR, got none/],
    ['lengths that are no numbers', ['bench', '--lengths', '256,long'], /--lengths: expected whole numbers above 1/],
  ])('names %s in one sentence and gives 1', (_, args, sentence) => {
    const { status, stdout, stderr } = lab(...args);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });

  it('gives 2 for a command that does not exist and for none', () => {
    expect(lab('fly')).toMatchObject({ status: 2, stderr: expect.stringMatching(/expected a command \(devices, .*\), got fly/) });
    expect(lab()).toMatchObject({ status: 2, stderr: expect.stringContaining('lab COMMAND') });
    expect(lab('--help')).toMatchObject({ status: 0 });
  });
});

describe('lab plan', () => {
  it('prints one value under --json whose totals add up', () => {
    const { status, stdout } = lab('plan', RECIPE, '--json');
    const plan = JSON.parse(stdout);
    const sum = (bytes: Record<string, number>) => Object.values(bytes).reduce((total, size) => total + size, 0);
    expect(status).toBe(0);
    expect(plan.parameters).toBe(139_584);
    expect(plan.totalBytes).toBe(sum(plan.bytes));
    expect(plan.stages.map(({ sequenceLength }: { sequenceLength: number }) => sequenceLength)).toEqual([64, 512]);
    for (const stage of plan.stages) {
      expect(stage.totalBytes).toBe(sum(stage.bytes));
      expect(stage.totalBytes).toBeLessThanOrEqual(plan.totalBytes);
      expect(stage.flopsPerToken * stage.rowsPerStep * stage.sequenceLength).toBeCloseTo(stage.flopsPerStep);
      expect(stage.submitsPerStep).toBe(stage.microBatches);
      expect(stage.dispatchesPerStep).toBeGreaterThan(0);
    }
  });

  it('shows people the stages side by side', () => {
    const { stdout } = lab('plan', RECIPE);
    expect(stdout).toMatch(/^Pretrain a nano model.*139,584 parameters/);
    expect(stdout).toMatch(/^sequence length +64 +512$/m);
    expect(stdout).toMatch(/^ {2}kept activations +\d+\.\d MiB$/m);
  });

  it('reads nothing but config.json of a checkpoint', () => {
    const config = { model_type: 'llama', hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, num_attention_heads: 4 };
    write('config.json', { ...config, vocab_size: 64, tie_word_embeddings: true });
    const path = write('continue.json', { ...recipe, model: { checkpoint: folder }, tokenizer: undefined });
    const { stdout, stderr } = lab('plan', path, '--json');
    expect(stderr).toContain('Pretrain a nano model');
    expect(JSON.parse(stdout).parameters).toBe(64 * 32 + 4 * 32 * 32 + 3 * 32 * 64 + 3 * 32);
  });
});
