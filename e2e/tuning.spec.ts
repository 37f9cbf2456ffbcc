import { expect, test } from './lab';
import { LabPage, TRAINING_TIMEOUT } from './labPage';
import { endlessRecipe } from './tinyRecipe';

/** Too short to time anything on a processor; what follows must be the same. */
const SECONDS = 2;

test('a first run is tuned for within the budget, and the outcome is remembered', async ({ page }) => {
  test.setTimeout(TRAINING_TIMEOUT);
  const lab = new LabPage(page);
  const skip = page.getByTestId('skip-tuning');
  await lab.open('', { tuning: SECONDS });
  await lab.uploadRecipe(endlessRecipe);
  await lab.press('step');
  await expect(skip).toBeVisible();
  await expect(lab.status).toHaveText('tuning');
  await lab.stepsDone(1);
  await expect(skip).toBeHidden();

  // Another visit: the same address again would only be another hash.
  await page.goto('about:blank');
  await lab.open('', { tuning: SECONDS });
  await lab.uploadRecipe(endlessRecipe);
  await page.evaluate(() => {
    new MutationObserver(() => {
      if (document.querySelector('[data-testid="skip-tuning"]')) document.body.dataset.tuned = 'again';
    }).observe(document.body, { childList: true, subtree: true });
  });
  await lab.press('step');
  await lab.stepsDone(1);
  expect(await page.evaluate(() => document.body.dataset.tuned)).toBeUndefined();
});

test('tuning can be skipped', async ({ page }) => {
  test.setTimeout(TRAINING_TIMEOUT);
  const lab = new LabPage(page);
  await lab.open('', { tuning: 600 });
  await lab.uploadRecipe(endlessRecipe);
  await lab.press('step');
  await page.getByTestId('skip-tuning').click();
  await lab.stepsDone(1);
  await page.locator('.run-variants summary').first().click();
  await expect(page.locator('.run-variants').first()).toContainText('all default');
});
