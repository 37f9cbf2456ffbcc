/**
 * Holds the first load to its budget: the scripts and styles that dist/index.html names, gzipped.
 * Chunks that the page asks for later (the worker, lazy panels) are listed beside them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './buildNode.mjs';

const BUDGET_BYTES = 220_000;

const dist = join(root, 'dist');
if (!existsSync(join(dist, 'index.html'))) {
  console.error('bundle size: expected the built page in dist/, found none; run npm run build');
  process.exit(1);
}
const html = readFileSync(join(dist, 'index.html'), 'utf8');
const named = [...html.matchAll(/<(?:script|link)\b[^>]*?\b(?:src|href)="([^"]+\.(?:js|css))"/g)].map((match) =>
  posix.normalize(match[1]),
);
const chunks = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(js|css)$/.test(file))
  .map((file) => file.replaceAll('\\', '/'))
  .map((file) => ({ file, first: named.includes(file), bytes: gzipSync(readFileSync(join(dist, file))).length }))
  .sort((a, b) => Number(b.first) - Number(a.first) || b.bytes - a.bytes);

for (const { file, first, bytes } of chunks) console.log(`${kilobytes(bytes)}  ${first ? 'first' : 'later'}  ${file}`);
const total = chunks.reduce((sum, { first, bytes }) => sum + (first ? bytes : 0), 0);
console.log(`${kilobytes(total)}  first load, of ${kilobytes(BUDGET_BYTES).trim()} allowed (gzip)`);
if (total > BUDGET_BYTES) {
  console.error(
    `bundle size: expected a first load of at most ${BUDGET_BYTES} bytes, got ${total}; load lazily what the first screen does not need`,
  );
  process.exitCode = 1;
}

function kilobytes(/** @type {number} */ bytes) {
  return `${(bytes / 1000).toFixed(1).padStart(7)} kB`;
}
