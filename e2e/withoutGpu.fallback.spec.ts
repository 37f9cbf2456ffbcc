import { expect, test } from './lab';
import { LabPage, seriousViolations } from './labPage';

test('without an adapter the page names the cause, shows the recorded run and keeps the theory', async ({ page }) => {
  const lab = new LabPage(page);
  await page.goto('');
  const banner = page.getByTestId('fallback');
  await expect(banner).toHaveAttribute('data-cause', 'no-adapter');
  await expect(banner).toContainText('requestAdapter() returned null');
  await expect(banner.getByRole('listitem').first()).toBeVisible();
  await expect(page.getByTestId('train')).toBeDisabled();
  await expect(lab.runs.first().getByText('recorded')).toBeVisible();
  await expect(page.getByTestId('attention-heatmap')).toBeVisible();
  await expect.poll(async () => (await lab.table('val-chart-table')).length).toBeGreaterThan(1);

  expect(await seriousViolations(page)).toEqual([]);

  await page.getByRole('tab', { name: 'Theory' }).click();
  await expect(page.getByRole('tabpanel', { name: 'Theory' }).locator('svg').first()).toBeVisible();
});

test('without navigator.gpu it says that the browser has no WebGPU', async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }));
  await page.goto('');
  await expect(page.getByTestId('fallback')).toHaveAttribute('data-cause', 'no-webgpu');
});
