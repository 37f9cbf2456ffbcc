import { expect, test } from './lab';
import { LabPage, seriousViolations, TRAINING_TIMEOUT, watchPage } from './labPage';
import { endlessRecipe } from './tinyRecipe';

// One page through all of these: a step is profiled once.
test.describe.configure({ mode: 'serial', timeout: TRAINING_TIMEOUT });

let lab: LabPage;
let errors: string[];

test.beforeAll(async ({ browser, distServer }) => {
  // A context of its own: axe puts its findings together in a second page of it.
  const page = await (await browser.newContext()).newPage();
  errors = watchPage(page, distServer.url);
  lab = new LabPage(page);
  await lab.open(distServer.url);
});

test.afterAll(async () => {
  await lab.page.context().close();
  expect(errors, 'errors in the page').toEqual([]);
});

const bar = () => lab.page.getByTestId('step-bar');
const tooltip = () => lab.page.getByTestId('step-bar-tooltip');

/** A column of a table twin as numbers. */
const numbers = async (testId: string, column: string) => (await lab.table(testId)).map((row) => Number(row[column]));

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

test('the memory plan adds up, stage by stage', async () => {
  await lab.uploadRecipe(endlessRecipe);
  await expect
    .poll(async () => Object.keys((await lab.table('memory-table'))[0]))
    .toEqual(['bytes', 'whole run', 'T 64', 'T 128']);
  const rows = await lab.table('memory-table');
  const total = rows.findIndex(({ bytes }) => bytes === 'all buffers');
  for (const column of ['whole run', 'T 64', 'T 128'])
    expect(sum(rows.slice(0, total).map((row) => Number(row[column]))), column).toBe(Number(rows[total][column]));
  const submits = rows.find(({ bytes }) => bytes === 'submits a step');
  expect(Number(submits?.['T 64'])).toBeGreaterThanOrEqual(1);
});

test('a step of the running model is profiled, and its parts add up', async () => {
  const { page } = lab;
  await page.getByRole('tab', { name: 'Performance' }).click();
  const button = page.getByTestId('profile');
  await expect(button).toBeDisabled();
  await expect(button).toHaveAccessibleDescription(/Needs a run/);
  await lab.press('train');
  await lab.stepsDone(3);
  await lab.press('pause');
  await lab.reaches('paused');
  const step = await lab.settledStep();
  await button.click();
  await expect(page.getByTestId('kernel-table')).toBeVisible({ timeout: TRAINING_TIMEOUT });
  await expect(button).toHaveAccessibleDescription(new RegExp(`endless after step ${step}: 256 tokens in rows of 64`));

  const figures = Object.fromEntries((await lab.table('step-table')).map(({ quantity, value }) => [quantity, value]));
  const kernelMs = Number(figures.kernel_ms);
  expect(kernelMs).toBeGreaterThan(0);
  expect(sum(await numbers('kernels-table', 'ms')) / kernelMs).toBeCloseTo(1, 5);
  expect(sum(await numbers('timeline-table', 'ms')) / kernelMs).toBeCloseTo(1, 5);
  expect(Number(figures.hardware_flops)).toBeGreaterThan(Number(figures.model_flops));

  const phases = (await lab.table('timeline-table')).map(({ phase }) => phase);
  expect(phases.filter((phase, i) => phase !== phases[i - 1])).toEqual(['forward', 'loss', 'backward', 'optimizer']);
  const families = new Set((await lab.table('timeline-table')).map(({ family }) => family));
  expect([...families].sort()).toEqual(['attention', 'embedding', 'loss', 'matmul', 'norm', 'optimizer']);
});

test('the bar can be read by keyboard', async () => {
  const { page } = lab;
  const kernels = (await lab.table('timeline-table')).map(({ kernel }) => kernel);
  await expect(tooltip()).toHaveCount(0);
  // The last thing before the bar that takes the focus.
  await page.getByRole('button', { name: 'How is this computed: Longest dispatch and submit' }).last().focus();
  await page.keyboard.press('Tab');
  await expect(bar()).toBeFocused();
  await expect(tooltip()).toContainText(kernels[0]);
  await page.keyboard.press('ArrowRight');
  await expect(tooltip()).toContainText(kernels[1]);
  await expect(bar()).toHaveAttribute('aria-valuetext', new RegExp(`^${kernels[1]}, .* ms, .* % of the step, forward$`));
  await page.keyboard.press('End');
  await expect(tooltip()).toContainText(/adamw\.weights.*optimizer/);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await seriousViolations(page), colorScheme).toEqual([]);
    await page.screenshot({ path: test.info().outputPath(`profile-${colorScheme}.png`) });
  }
  await page.keyboard.press('Tab');
  await expect(tooltip()).toHaveCount(0);
});

test('a phase fills the bar, and kernels are sorted by what is asked', async () => {
  const { page } = lab;
  await page.getByRole('button', { name: 'optimizer', exact: true }).click();
  const optimizer = (await lab.table('timeline-table')).filter(({ phase }) => phase === 'optimizer');
  await expect(bar()).toHaveAttribute('aria-valuemax', String(optimizer.length));

  const table = page.getByTestId('kernel-table');
  const first = table.locator('tbody th').first();
  await expect(table.getByRole('columnheader', { name: 'time' })).toHaveAttribute('aria-sort', 'descending');
  await table.getByRole('button', { name: 'kernel' }).click();
  const names = (await lab.table('kernels-table')).map(({ kernel }) => kernel).sort((a, b) => a.localeCompare(b));
  await expect(first).toHaveText(names[0]);
  await table.getByRole('button', { name: 'kernel' }).click();
  await expect(first).toHaveText(names[names.length - 1]);
});

test('the run goes on from where it was, on a narrow screen too', async () => {
  const { page } = lab;
  const step = await lab.settledStep();
  await page.setViewportSize({ width: 400, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
  expect(await seriousViolations(page)).toEqual([]);
  await page.screenshot({ path: test.info().outputPath('profile-narrow.png') });
  await lab.press('step');
  await expect(lab.step).toHaveText(String(step + 1));
});
