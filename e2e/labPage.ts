import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Locator, type Page } from '@playwright/test';
import type { RecipeInput } from '../src/core/recipe';

/** A run on a software adapter compiles some twenty kernels first, beside whatever else the machine does. */
export const TRAINING_TIMEOUT = 180_000;

/** Rows of a table twin: column name to what the cell says. */
export type TableRow = Record<string, string>;

/**
 * Collects uncaught errors, console errors (the Content-Security-Policy reports there) and requests to anywhere but the page's own
 * server, from now on: the lab needs no network once it is installed.
 */
export function watchPage(page: Page, baseURL: string): string[] {
  const errors: string[] = [];
  const { origin } = new URL(baseURL);
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (/^(https?|wss?):$/.test(url.protocol) && url.origin !== origin) errors.push(`left the origin: ${url.href}`);
  });
  page.on('pageerror', (error) => errors.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`console: ${message.text()} ${message.location().url}`.trim());
  });
  return errors;
}

/** What axe finds serious or critical in the page as it stands, one line each. */
export async function seriousViolations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}

/** The lab as a visitor handles it: by its buttons, its fields, and what they can read. */
export class LabPage {
  readonly status: Locator;
  readonly step: Locator;
  readonly sequenceLength: Locator;
  readonly problems: Locator;
  readonly runs: Locator;

  constructor(readonly page: Page) {
    this.status = page.getByTestId('status');
    this.step = page.getByTestId('progress-step');
    this.sequenceLength = page.getByTestId('sequence-length');
    this.problems = page.getByTestId('error-bar');
    this.runs = page.getByTestId('run-list').getByRole('listitem');
  }

  /** Opens the page and waits until the GPU is ready. @param tuning seconds that a run may be tuned for. */
  async open(url: string, { tuning = 'off' }: { tuning?: number | 'off' } = {}): Promise<void> {
    const [address, hash = ''] = url.split('#');
    await this.page.goto(`${address}?tuning=${tuning}#${hash}`);
    await expect(this.status).toHaveText('idle', { timeout: 60_000 });
  }

  /** Loads a recipe into the knobs through "Upload recipe…". */
  async uploadRecipe(recipe: RecipeInput): Promise<void> {
    await this.uploadText(JSON.stringify(recipe));
  }

  async uploadText(text: string): Promise<void> {
    const file = this.page.getByLabel('Recipe file');
    // The menu holds the field and is loaded with its first opening.
    if (!(await file.count())) {
      await this.page.getByRole('button', { name: /^Recipe: copy/ }).click();
      await file.waitFor({ state: 'attached' });
      await this.page.keyboard.press('Escape');
    }
    await file.setInputFiles({ name: 'recipe.json', mimeType: 'application/json', buffer: Buffer.from(text) });
  }

  async press(button: 'train' | 'pause' | 'step' | 'reset' | 'generate'): Promise<void> {
    await this.page.getByTestId(button).click({ timeout: TRAINING_TIMEOUT });
  }

  async reaches(status: 'training' | 'paused' | 'finished' | 'failed'): Promise<void> {
    await expect(this.status).toHaveText(status, { timeout: TRAINING_TIMEOUT });
  }

  /** Waits until the active run has done at least `count` steps. */
  async stepsDone(count: number): Promise<void> {
    // The recorded run stands in its place until there is one.
    const step = this.page.locator('.progress:not(:has(.badge-recorded))').getByTestId('progress-step');
    await expect
      .poll(async () => Number((await step.allTextContents())[0] ?? 0), { timeout: TRAINING_TIMEOUT })
      .toBeGreaterThanOrEqual(count);
  }

  /** The step a stopped run shows once the page, which draws a few times a second, has caught up. */
  async settledStep(): Promise<number> {
    let shown = '';
    await expect
      .poll(
        async () => {
          const before = shown;
          shown = (await this.step.textContent()) ?? '';
          return shown === before;
        },
        { intervals: [700] },
      )
      .toBe(true);
    return Number(shown);
  }

  /** Fills a knob by its label; sections that are closed are opened first. */
  async turn(section: string, label: string, value: string): Promise<void> {
    const field = this.page.getByLabel(label, { exact: true });
    if (!(await field.isVisible())) await this.page.locator('summary', { hasText: section }).click();
    await field.fill(value);
    await field.press('Enter');
  }

  /** What a table twin says. The picture and the table are renewed a few times a second, so callers poll or wait for a run's end. */
  table(testId: string): Promise<TableRow[]> {
    return this.page
      .getByTestId(testId)
      .evaluate((table) =>
        [...table.querySelectorAll('tbody tr')].map((row) =>
          Object.fromEntries([...row.querySelectorAll('td')].map((cell) => [cell.dataset.column ?? '', cell.textContent ?? ''])),
        ),
      );
  }

  /** Drops a text file anywhere on the page. */
  async drop(name: string, text: string): Promise<void> {
    const dataTransfer = await this.page.evaluateHandle(
      ([fileName, content]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([content], fileName, { type: 'text/plain' }));
        return transfer;
      },
      [name, text],
    );
    await this.page.dispatchEvent('body', 'dragover', { dataTransfer });
    await this.page.dispatchEvent('body', 'drop', { dataTransfer });
  }

  /** Expects one problem bar that says so, and dismisses it. */
  async says(problem: RegExp): Promise<void> {
    const bar = this.problems.filter({ hasText: problem });
    await expect(bar).toHaveCount(1);
    await bar.getByRole('button').click();
    await expect(bar).toHaveCount(0);
  }
}
