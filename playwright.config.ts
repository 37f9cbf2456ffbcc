import { defineConfig } from '@playwright/test';
import { findBrowser, noBrowserMessage } from './scripts/findBrowser.mjs';

const executablePath = findBrowser();
if (!executablePath) throw new Error(noBrowserMessage());

/** Quiet, headless, and on SwiftShader everywhere, so that a failure on one machine is a failure on all. */
const FLAGS = [
  '--headless=new',
  '--use-webgpu-adapter=swiftshader',
  '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `headless: false` keeps Playwright from choosing a headless mode of its own: its shell has no WebGPU. */
const launch = (flags: string[]) => ({ headless: false, launchOptions: { executablePath, args: flags } });

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    // The specs take the pictures that are worth keeping; drawing is slow where the processor is also the GPU.
    screenshot: 'only-on-failure',
    trace: { mode: 'retain-on-failure', screenshots: false },
  },
  projects: [
    { name: 'webgpu', testIgnore: '**/*.fallback.spec.ts', use: launch(['--enable-unsafe-webgpu', ...FLAGS]) },
    // SwiftShader asked for but not allowed: `navigator.gpu` is there and has no adapter, whatever the machine.
    { name: 'fallback', testMatch: '**/*.fallback.spec.ts', use: launch(FLAGS) },
  ],
});
