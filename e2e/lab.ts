import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test as base, type ConsoleMessage, expect } from '@playwright/test';
import { type DistServer, serveDist } from './distServer';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));

interface LabFixtures {
  /** Everything that went wrong in the page; a test fails when any is left at its end. Take out what it provoked on purpose. */
  pageErrors: string[];
}

/**
 * Playwright's `test` with the built lab behind `page.goto('')`: `dist/` served from a sub-path, and a failure for every
 * uncaught error, console error and refused request (the Content-Security-Policy reports there).
 */
export const test = base.extend<LabFixtures, { distServer: DistServer }>({
  distServer: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's dependencies from this pattern.
    async ({}, use) => {
      if (!existsSync(DIST)) throw new Error('e2e: expected the built page in dist/, found none; run npm run build');
      const server = await serveDist(DIST, '/some/folder/');
      await use(server);
      await server.close();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ distServer }, use) => use(distServer.url),
  pageErrors: [
    async ({ page }, use) => {
      const errors: string[] = [];
      const onConsole = (message: ConsoleMessage) => {
        if (message.type() === 'error') errors.push(`console: ${message.text()} ${message.location().url}`.trim());
      };
      page.on('pageerror', (error) => errors.push(`uncaught: ${error.message}`));
      page.on('console', onConsole);
      await use(errors);
      expect(errors, 'errors in the page').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
