import type { RecipeInput } from '../src/core/recipe';
import type { AttentionRecord, StepRecord } from '../src/core/records';
import { massColor } from '../src/ui/attention/colorMap';
import { trainHeadless } from './headless';
import { expect, test } from './lab';
import { LabPage, TRAINING_TIMEOUT, watchPage } from './labPage';
import { endlessRecipe, tinyRecipe } from './tinyRecipe';

// One page through all of these, as one visit is: its kernels are compiled once.
test.describe.configure({ mode: 'serial', timeout: TRAINING_TIMEOUT });

let lab: LabPage;
let errors: string[];

test.beforeAll(async ({ browser, distServer }) => {
  const page = await browser.newPage();
  errors = watchPage(page, distServer.url);
  lab = new LabPage(page);
  await lab.open(distServer.url);
});

test.afterAll(async () => {
  await lab.page.close();
  expect(errors, 'errors in the page').toEqual([]);
});

const trainingLosses = async () =>
  (await lab.table('val-chart-table')).filter(({ kind }) => kind === 'training').map(({ loss }) => Number(loss));

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('a small recipe learns within 20 steps, and goes through two row lengths', async () => {
  await lab.uploadRecipe(tinyRecipe);
  await lab.press('step');
  await lab.stepsDone(1);
  await expect(lab.sequenceLength).toHaveText('64');
  await lab.press('train');
  await lab.reaches('finished');
  await expect(lab.step).toHaveText('50');
  await expect(lab.sequenceLength).toHaveText('128');
  await expect.poll(trainingLosses).toHaveLength(50);

  const losses = await trainingLosses();
  expect(mean(losses.slice(0, 5)) - mean(losses.slice(15, 20))).toBeGreaterThan(0.1);
  const short = (await lab.table('val-chart-table')).filter(({ run, kind }) => run === tinyRecipe.name && kind === 'val_short');
  expect(short.map(({ step }) => Number(step))).toEqual([0, 10, 20, 25, 30, 40, 50]);
  expect(Number(short[2].loss)).toBeLessThan(Number(short[0].loss));
  await lab.page.screenshot({ path: test.info().outputPath('trained.png') });
});

test('the page agrees with the headless runner: losses, attention table, and the colours of the heat map', async () => {
  const { records } = await trainHeadless(tinyRecipe);
  const steps = records.filter((record): record is StepRecord => record.type === 'step');
  const shown = await trainingLosses();
  expect(steps).toHaveLength(shown.length);
  steps.forEach(({ loss, step }, i) => void expect(Math.abs(loss - shown[i]), `loss of step ${step}`).toBeLessThan(1e-5));

  const attention = records.filter((record): record is AttentionRecord => record.type === 'attention').at(-1);
  if (!attention) throw new Error('lab train recorded no attention');
  const { layers, heads, bins, histogram, step } = attention;
  const heatmap = lab.page.getByTestId('attention-heatmap');
  await expect(heatmap).toHaveAttribute('data-step', String(step));
  const table = await lab.table('attention-table');
  const pixels = await heatmap.evaluate((canvas: HTMLCanvasElement) => {
    const { rows, columns, cellWidth, cellHeight } = canvas.dataset;
    const context = canvas.getContext('2d');
    return Array.from({ length: Number(rows) * Number(columns) }, (_, cell) => {
      const x = ((cell % Number(columns)) + 0.5) * Number(cellWidth);
      const y = (Math.floor(cell / Number(columns)) + 0.5) * Number(cellHeight);
      return [...(context?.getImageData(x, y, 1, 1).data.slice(0, 3) ?? [])];
    });
  });
  expect(pixels).toHaveLength(layers * heads * bins);
  for (let row = 0; row < layers * heads; row++) {
    const masses = Object.entries(table[row]).filter(([column]) => column.startsWith('mass '));
    expect(masses).toHaveLength(bins);
    masses.forEach(([column, mass], bin) => {
      const expected = histogram[row * bins + bin];
      const where = `${table[row].head} ${column}`;
      expect(Math.abs(Number(mass) - expected), where).toBeLessThan(1e-4);
      const within = [-1e-4, -5e-5, 0, 5e-5, 1e-4].map((error) => [...massColor(expected + error, 'log')]);
      expect(within, where).toContainEqual(pixels[row * bins + bin]);
    });
    expect(Number(table[row].entropy)).toBeCloseTo(attention.entropy[row], 4);
    expect(Number(table[row].mean_distance)).toBeCloseTo(attention.meanDistance[row], 2);
  }
});

test('reset begins again, and pause stops between two steps', async () => {
  const before = await lab.runs.count();
  await lab.press('reset');
  await expect(lab.runs).toHaveCount(before + 1);
  await expect(lab.step).toHaveText('0');
  await lab.uploadRecipe(endlessRecipe);
  await lab.press('train');
  await lab.stepsDone(2);
  await lab.press('pause');
  await lab.reaches('paused');
  const stopped = await lab.settledStep();
  await lab.press('step');
  await expect(lab.step).toHaveText(String(stopped + 1));
});

test('a learning rate turned while training acts and is noted', async () => {
  await lab.press('train');
  await lab.turn('Optimizer and probes', 'Learning rate', '0.001');
  await lab.page.getByRole('button', { name: 'Apply live' }).click();
  await expect(lab.page.locator('.progress')).toContainText(/lr 9\.\d+e-4|lr 1\.00e-3/);
  await expect(lab.runs.last()).toContainText('learningRate 0.001');
});

test('bad input is refused in a sentence, and the run goes on', async () => {
  const { page } = lab;
  await lab.reaches('training');
  await lab.drop('broken.jsonl', '{"text": "fine"}\n{"text": \n');
  await lab.says(/broken\.jsonl, line 2.*one JSON object/);
  await lab.drop('picture.png', 'not text');
  await lab.says(/\.txt or \.jsonl files, got picture\.png/);
  await lab.uploadText('{ "version": 1,');
  await lab.says(/reading a recipe/);
  await lab.uploadRecipe({ ...tinyRecipe, seed: -1 });
  await lab.says(/seed/);
  await page.evaluate(() => void (location.hash = '#curriculum.stages=64'));
  await lab.says(/curriculum\.stages to be a list like 256:0\.4,1024:0\.6/);
  await lab.stepsDone(Number(await lab.step.textContent()) + 2);
  await expect(lab.status).toHaveText('training');
});

test('a dropped text becomes a source of the mix', async () => {
  await lab.drop('field notes.txt', 'The rope is walked from one end of the shed to the other. '.repeat(200));
  await expect(lab.page.getByLabel('Share of field-notes, per cent')).toBeVisible();
  await expect(lab.problems).toHaveCount(0);
});

test('text streams from the weights of the moment', async () => {
  const { page } = lab;
  await page.getByRole('tab', { name: 'Samples' }).click();
  await page.getByLabel('New tokens').fill('24');
  await lab.press('generate');
  const sample = page.getByTestId('sample-output').getByRole('listitem').first();
  await expect(sample).toContainText('24 tokens', { timeout: TRAINING_TIMEOUT });
  expect((await sample.locator('.sample-text').textContent())?.length).toBeGreaterThan('It was a'.length + 24);
  await page.getByRole('tab', { name: 'Lab' }).click();
});

test('moving the base offers a fork and makes it', async () => {
  const { page } = lab;
  await lab.press('pause');
  await lab.reaches('paused');
  const before = await lab.runs.count();
  await page.getByTestId('rope-base').fill('500000');
  await page.getByRole('button', { name: 'Fork…' }).click();
  await page.getByTestId('fork-confirm').click();
  await expect(lab.runs).toHaveCount(before + 1);
  const child = lab.runs.last();
  await expect(child).toContainText(/from step \d+:.*rope_theta 1e4 → 5e5/);
  const from = Number(await lab.step.textContent());
  await lab.press('train');
  await lab.stepsDone(from + 2);
  await lab.press('pause');
  await lab.reaches('paused');
});

test('a diverging run stops at its last good step and says why', async () => {
  const wild: RecipeInput = { ...tinyRecipe, name: 'wild', optimizer: { learning_rate: 1e30, warmup_steps: 0 } };
  await lab.uploadRecipe(wild);
  await lab.page.getByRole('button', { name: 'New run' }).click();
  await expect(lab.runs.last()).toContainText('wild');
  await lab.press('train');
  await lab.reaches('failed');
  await expect(lab.runs.last()).toContainText(/expected a finite loss and gradient.*weights are those of step \d+/);
  await lab.says(/run wild.*expected a finite loss and gradient/);
});
