import { expect, test } from './lab';
import { LabPage, TRAINING_TIMEOUT } from './labPage';
import { tinyRecipe } from './tinyRecipe';

test('a shipped study opens, names what is not run yet, and puts a run’s recipe into the knobs', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open('');
  await page.getByRole('tab', { name: 'Studies' }).click();
  const report = page.frameLocator('[data-testid="study-report"]');
  await expect(report.getByRole('heading', { level: 1 })).toContainText('Position encodings');
  await expect(report.getByText('Paired differences over the seeds')).toBeVisible();
  await expect(report.locator('figure svg path').first()).toBeAttached();
  await expect(report.locator('table').first()).toContainText('ABF');
  await expect(page.getByRole('button', { name: /not run yet/ }).first()).toBeDisabled();
  await page.getByLabel('Run of the study').selectOption({ label: 'pi, seed 2' });
  await page.getByRole('button', { name: 'Load its recipe' }).click();
  await expect(page.getByRole('tab', { name: 'Lab' })).toHaveAttribute('aria-selected', 'true');
  await expect(page).toHaveURL(/rope_type=linear/);
  await expect(page).toHaveURL(/nano-s2/);
  await expect(page.getByTestId('train')).toBeEnabled();
});

test('a head taken away changes losses at once, and training goes on from the same weights', async ({ page }) => {
  test.setTimeout(TRAINING_TIMEOUT);
  const lab = new LabPage(page);
  await lab.open('');
  await lab.uploadRecipe(tinyRecipe);
  for (let i = 1; i <= 2; i++) {
    await lab.press('step');
    await lab.stepsDone(i);
  }
  await page.getByRole('tab', { name: 'Interventions' }).click();
  await page.getByLabel('Layer', { exact: true }).fill('1');
  await page.getByRole('button', { name: 'Measure' }).click();
  const effect = page.getByTestId('effect').first();
  await expect(effect).toContainText('Without head 0 of layer 1', { timeout: TRAINING_TIMEOUT });
  await expect(effect).toContainText('step 2');
  const cells = await effect.getByRole('row').nth(1).getByRole('cell').allTextContents();
  expect(cells[0]).not.toBe(cells[1]);
  await page.getByLabel('Layer', { exact: true }).fill('9');
  await page.getByRole('button', { name: 'Measure' }).click();
  await lab.says(/layer from 0 to 1, got 9/);
  await page.getByRole('tab', { name: 'Lab' }).click();
  await lab.press('step');
  await lab.stepsDone(3);
});

test('studies and interventions fit a screen 400 pixels wide', async ({ page }) => {
  await page.setViewportSize({ width: 400, height: 800 });
  const lab = new LabPage(page);
  await lab.open('');
  for (const tab of ['Studies', 'Interventions', 'Theory']) {
    await page.getByRole('tab', { name: tab }).click();
    await expect(page.getByText('Loading…')).toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
  }
});
