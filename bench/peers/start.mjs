/** `npm start -- [options]`: runs runner/main.ts through Vite, which the repository's own install brings, as Node 20 reads no TypeScript. */
import { fileURLToPath } from 'node:url';

const { runnerImport } = await import('vite').catch(() => {
  console.error('peers: expected the packages of the repository itself; run npm install in its top folder first');
  process.exit(1);
});
await runnerImport(fileURLToPath(new URL('runner/main.ts', import.meta.url)), { configFile: false, logLevel: 'warn' });
