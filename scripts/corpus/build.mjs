import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const outDir = `${here}dist`;

await build({
  root: here,
  configFile: false,
  logLevel: 'warn',
  build: { ssr: 'build.ts', outDir, emptyOutDir: true, target: 'node20' },
});
process.exit(spawnSync(process.execPath, [`${outDir}/build.js`], { cwd: here, stdio: 'inherit' }).status ?? 1);
