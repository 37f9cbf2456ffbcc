import { expect, test } from './lab';
import { LabPage, seriousViolations, TRAINING_TIMEOUT } from './labPage';

const TABS = ['Lab', 'Performance', 'Theory', 'Interventions', 'Studies', 'Samples'];

/** The recorded run's own curves, heat map and table: real records, before anything was trained here. */
async function expectRecordedRun(lab: LabPage): Promise<void> {
  await expect(lab.runs.first().getByText('recorded')).toBeVisible();
  await expect(lab.page.getByTestId('attention-heatmap')).toBeVisible();
  expect((await lab.table('val-chart-table')).length).toBeGreaterThan(1);
}

test('opens from a sub-path with a recorded run and the adapter named', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open('');
  await expect(page.getByTestId('adapter')).toContainText(/swiftshader/i);
  await expectRecordedRun(lab);
  await expect(page.getByTestId('train')).toBeEnabled();
});

test('trains the shipped base from the default recipe at a click', async ({ page }) => {
  test.setTimeout(TRAINING_TIMEOUT);
  const lab = new LabPage(page);
  // The default recipe as it is, with lighter probes: on a processor they would take longer than the step.
  await lab.open('#probes.validation_rows=1&probes.attention_queries=8&probes.retrieval_rows=0');
  await lab.press('train');
  await lab.stepsDone(1);
  await lab.press('pause');
  await lab.reaches('paused');
  const losses = (await lab.table('val-chart-table')).filter(({ kind }) => kind === 'training').map(({ loss }) => Number(loss));
  // A model from nothing starts at ln 1024 = 6.93; this one has been trained.
  expect(losses[0]).toBeGreaterThan(1);
  expect(losses[0]).toBeLessThan(5);
});

test('offers float16 only where the adapter has it, and says why a recipe that asks for it cannot run', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open('#precision=float16');
  await page.getByRole('heading', { name: 'Model' }).click();
  await expect(page.getByRole('combobox', { name: 'Precision' })).toHaveAccessibleDescription(/needs the feature shader-f16/);
  await expect(page.getByRole('option', { name: 'float16' })).toBeDisabled();
  await expect(page.getByText(/no shader-f16.*change precision/).first()).toBeVisible();
  await page.getByRole('combobox', { name: 'Precision' }).selectOption('float32');
  await expect(page.getByText(/no shader-f16.*change precision/)).toHaveCount(0);
  await expect(page.getByTestId('train')).toBeEnabled();
});

test('has no serious accessibility violation on any tab, light or dark', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open('');
  await expectRecordedRun(lab);
  for (const tab of TABS) {
    await page.getByRole('tab', { name: tab }).click();
    await expect(page.getByRole('tabpanel', { name: tab })).toBeVisible();
    await expect(page.getByText('Loading…')).toHaveCount(0);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await seriousViolations(page), `${tab}, ${colorScheme}`).toEqual([]);
      await page.screenshot({ path: test.info().outputPath(`${tab.toLowerCase()}-${colorScheme}.png`) });
    }
  }
});

test('fits a screen 400 pixels wide', async ({ page }) => {
  await page.setViewportSize({ width: 400, height: 800 });
  const lab = new LabPage(page);
  await lab.open('');
  await expectRecordedRun(lab);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
  expect(await seriousViolations(page)).toEqual([]);
  await page.screenshot({ path: test.info().outputPath('narrow.png') });
});
