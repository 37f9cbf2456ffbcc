import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from '@playwright/test';
import { build, preview } from 'vite';
import { findBrowser, noBrowserMessage } from '../../../scripts/findBrowser.mjs';
import type { PeerPage } from '../page/page';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));
const BUILT = join(FOLDER, '../../.cache/peers');

const HTML = '<!doctype html><title>Peers</title><link rel="icon" href="data:,"><script type="module" src="page.js"></script>\n';

const COMMON_FLAGS = [
  '--headless=new',
  '--enable-unsafe-webgpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The software adapter, and Dawn's toggle without which it takes seconds to compile a shader with much workgroup memory. */
const SWIFTSHADER_FLAGS = [
  '--use-webgpu-adapter=swiftshader',
  '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension',
];

/** A headless Chrome on Linux reaches the GPU only through Vulkan, and only when told to. */
const HARDWARE_FLAGS =
  process.platform === 'linux' ? ['--use-angle=vulkan', '--enable-features=Vulkan', '--disable-vulkan-surface'] : [];

export type AdapterKind = 'swiftshader' | 'hardware';

/** The built page behind a server of its own. */
export interface PageServer {
  url: string;
  close(): Promise<void>;
}

export async function servePage(): Promise<PageServer> {
  const shared = { configFile: false, root: FOLDER, logLevel: 'warn', publicDir: false } as const;
  await build({
    ...shared,
    build: {
      outDir: BUILT,
      emptyOutDir: true,
      target: 'es2023',
      // Whole libraries stand in one file each: their size says nothing here.
      chunkSizeWarningLimit: 10_000,
      rolldownOptions: { input: join(FOLDER, 'page/page.ts'), output: { entryFileNames: 'page.js' } },
    },
  });
  // Not a source file: the repository's own development server reads every HTML file below it.
  writeFileSync(join(BUILT, 'index.html'), HTML);
  const server = await preview({ ...shared, build: { outDir: BUILT }, preview: { host: '127.0.0.1', port: 0 } });
  return { url: server.resolvedUrls!.local[0], close: () => server.close() };
}

/** Methods of the page, as the runner calls them. */
type Call = keyof PeerPage;
type Arguments<Name extends Call> = Parameters<PeerPage[Name]>;
type Result<Name extends Call> = Awaited<ReturnType<PeerPage[Name]>>;

/** One page in a browser of its own, so that nothing of it, not even a crashed GPU process, outlives it. */
export class Tab {
  private constructor(
    private readonly page: Page,
    readonly browserVersion: string,
  ) {}

  static async open(url: string, adapter: AdapterKind): Promise<Tab> {
    const executablePath = findBrowser();
    if (!executablePath) throw new Error(noBrowserMessage());
    const args = [...COMMON_FLAGS, ...(adapter === 'swiftshader' ? SWIFTSHADER_FLAGS : HARDWARE_FLAGS)];
    // Playwright's own headless mode would start a shell that has no WebGPU.
    const browser = await chromium.launch({ executablePath, args, headless: false });
    const page = await browser.newPage();
    await page.goto(url);
    return new Tab(page, browser.version());
  }

  /** Calls a method of the page. @throws what the page threw, or after `limitMs`; the tab is then of no more use. */
  async call<Name extends Call>(limitMs: number, name: Name, ...values: Arguments<Name>): Promise<Result<Name>> {
    const result = this.page.evaluate(
      async ([method, parameters]) => {
        const page = await globalThis.peerPage;
        return (page[method] as (...parameters: unknown[]) => Promise<unknown>)(...parameters);
      },
      [name, values] as const,
    );
    return withLimit(result as Promise<Result<Name>>, limitMs);
  }

  async close(): Promise<void> {
    await this.page.context().browser()?.close();
  }
}

async function withLimit<Value>(work: Promise<Value>, limitMs: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
