import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { build } from 'vite';
import { serveDist } from '../distServer';
import { watchPage } from '../labPage';
import type { ParityReport } from './parityReport';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(ROOT, '.cache/e2e/kernels');

/** The same kernels as in the page and under Node, built with the same shaders; not part of `dist/`. */
async function buildWorker(): Promise<void> {
  await build({
    configFile: false,
    root: ROOT,
    logLevel: 'warn',
    publicDir: false,
    build: {
      outDir: FOLDER,
      emptyOutDir: true,
      target: 'es2023',
      rolldownOptions: { input: 'e2e/kernels/parity.worker.ts', output: { entryFileNames: 'parity.worker.js' } },
    },
  });
  writeFileSync(join(FOLDER, 'index.html'), '<!doctype html><link rel="icon" href="data:,"><title>Kernels</title>');
}

test('kernels agree with their oracles on the browser’s own WebGPU', async ({ page }) => {
  await buildWorker();
  const server = await serveDist(FOLDER, '/kernels/');
  try {
    const errors = watchPage(page, server.url);
    await page.goto(server.url);
    const report = await page.evaluate(
      () =>
        new Promise<ParityReport>((resolve, reject) => {
          const worker = new Worker('parity.worker.js', { type: 'module' });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
        }),
    );
    expect(report.comparisons.length).toBeGreaterThanOrEqual(7);
    expect(errors).toEqual([]);
    for (const { quantity, toleranceShare } of report.comparisons) expect(toleranceShare, quantity).toBeLessThanOrEqual(1);
  } finally {
    await server.close();
  }
});
