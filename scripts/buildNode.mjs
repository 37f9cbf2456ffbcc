/**
 * Bundles a TypeScript entry of the lab into one file that Node runs as it is: the same Vite pipeline as the page, so that
 * `import.meta.glob` and WGSL text mean the same. Only `webgpu`, which carries native code, stays outside.
 */
import { mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Builds `entry` to `file` unless it is newer than everything it could have been built from.
 * Replaces the file in one step, so that a process which is starting it never reads half of it.
 * @param {string} entry path from the repository root, e.g. 'src/cli/main.ts'
 * @param {string} file path from the repository root, e.g. '.cache/lab/lab.mjs'
 * @returns {Promise<string>} absolute path of the built file
 */
export async function buildForNode(entry, file) {
  const target = join(root, file);
  const sources = ['src', 'shaders', 'scripts', 'package-lock.json', dirname(entry)].map((name) => join(root, name));
  if (lastChange(target) > Math.max(...sources.map(lastChange))) return target;
  const { build } = await import('vite');
  const result = await build({
    configFile: false,
    root,
    logLevel: 'warn', // the only levels that Vite writes to standard error
    publicDir: false,
    ssr: { noExternal: true, external: ['webgpu'] },
    build: {
      ssr: entry,
      write: false,
      target: 'node20',
      minify: false,
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
  const [{ output }] = /** @type {import('vite').Rolldown.RolldownOutput[]} */ ([result].flat());
  mkdirSync(dirname(target), { recursive: true });
  const unfinished = `${target}.${process.pid}`;
  writeFileSync(unfinished, output[0].code);
  renameSync(unfinished, target);
  return target;
}

/** Time of the last change at or below a path, in ms; folders count, so that a deleted file is seen. */
function lastChange(/** @type {string} */ path) {
  const own = statSync(path, { throwIfNoEntry: false });
  if (!own) return 0;
  if (!own.isDirectory()) return own.mtimeMs;
  /** @type {number} */
  let last = own.mtimeMs;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.name !== 'node_modules') last = Math.max(last, lastChange(join(path, entry.name)));
  }
  return last;
}
