/**
 * The headless runner: `npm run -s lab -- COMMAND …`. Builds src/cli/main.ts when it changed, then runs it in an
 * environment where Dawn finds a Vulkan driver. Standard output belongs to the command alone.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { buildForNode } from './buildNode.mjs';
import { gpuEnvironment } from './gpuEnvironment.mjs';

const args = process.argv.slice(2);

/** @type {string} */
let file;
try {
  file = await buildForNode('src/cli/main.ts', '.cache/lab/lab.mjs');
} catch (error) {
  console.error(`lab: the build failed: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

// npm runs scripts in the package's folder; paths on the command line are meant from where the user stands.
const cwd = process.env.npm_lifecycle_event === 'lab' ? process.env.INIT_CWD : undefined;
const child = spawn(process.execPath, [file, ...args], {
  stdio: 'inherit',
  cwd,
  env: { ...process.env, ...gpuEnvironment(adapterOption()) },
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  // A terminal sends Ctrl-C to the whole group: the child decides (it writes a checkpoint), this process waits for it.
  process.on(signal, () => signal === 'SIGINT' || child.kill(signal));
}
child.on('error', (error) => {
  console.error(`lab: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));

/** `--adapter NAME`, `--adapter=NAME` or LAB_ADAPTER: the driver must be chosen before the child starts. */
function adapterOption() {
  const at = args.findIndex((arg) => arg === '--adapter' || arg.startsWith('--adapter='));
  if (at < 0) return process.env.LAB_ADAPTER;
  return args[at].includes('=') ? args[at].slice('--adapter='.length) : args[at + 1];
}
