import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test as base, expect } from '@playwright/test';
import { type DistServer, serveDist } from './distServer';
import { watchPage } from './labPage';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));

interface LabFixtures {
  /** Everything that went wrong in `page`; a test fails when any is left at its end. Take out what it provoked on purpose. */
  pageErrors: string[];
}

/**
 * Playwright's `test` with the built lab behind `page.goto('')`: `dist/` served from a sub-path, and a failure for every
 * uncaught error, console error, refused request and request that leaves the origin.
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
    async ({ page, distServer }, use) => {
      const errors = watchPage(page, distServer.url);
      await use(errors);
      expect(errors, 'errors in the page').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
