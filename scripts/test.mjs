/**
 * `npm test`: everything that must hold before a change goes in; `npm test unit`, `gpu` or `e2e` runs one part.
 * Ends with one line, "N passed, N failed": the tests of all runners, where a failed check counts as one failure.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './buildNode.mjs';
import { findOrInstallBrowser, noBrowserMessage } from './findBrowser.mjs';

/** A part that hangs must not hang CI: everything together gets this long. */
const LIMIT_MS = 12 * 60_000;

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ run: () => Promise<Counts>, needsBrowser?: boolean, needsBuild?: boolean }} Phase */

const biome = 'node_modules/@biomejs/biome/bin/biome';
const tsc = 'node_modules/typescript/bin/tsc';
const vite = 'node_modules/vite/bin/vite.js';

/** @type {Record<string, Phase>} */
const PHASES = {
  lint: { run: () => check(biome, 'check', '--error-on-warnings', '.') },
  'types below the store': { run: () => check(tsc, '--noEmit', '-p', 'tsconfig.core.json') },
  types: { run: () => check(tsc, '--noEmit', '-p', 'tsconfig.json') },
  unit: { run: () => vitest('unit', 'dom') },
  gpu: { run: () => vitest('gpu'), needsBrowser: process.platform === 'linux' },
  build: { run: () => check(vite, 'build', '--logLevel', 'warn') },
  'bundle size': { run: () => check('scripts/bundleSize.mjs'), needsBuild: true },
  e2e: { run: playwright, needsBrowser: true, needsBuild: true },
};

/** @type {Record<string, string[]>} */
const PARTS = { all: Object.keys(PHASES), unit: ['unit'], gpu: ['gpu'], e2e: ['build', 'e2e'] };

const started = performance.now();
const part = process.argv[2] ?? 'all';
if (!Object.hasOwn(PARTS, part)) {
  console.error(`test: expected no argument or one of unit, gpu, e2e, got ${part}`);
  process.exit(2);
}

const names = PARTS[part];
const browser = names.some((name) => PHASES[name].needsBrowser) ? findOrInstallBrowser() : undefined;
const total = { passed: 0, failed: 0, skipped: 0 };
let built = true;
for (const name of names) {
  const phaseStart = performance.now();
  const { run, needsBrowser, needsBuild } = PHASES[name];
  let counts;
  if (needsBrowser && !browser) counts = notRun(noBrowserMessage());
  else if (needsBuild && !built) counts = notRun(`${name}: not run, because the build failed`);
  else counts = await run();
  if (name === 'build') built = counts.failed === 0;
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  const seconds = ((performance.now() - phaseStart) / 1000).toFixed(1).padStart(6);
  console.log(`${counts.failed > 0 ? 'FAILED' : 'ok    '} ${name.padEnd(22)} ${seconds} s  ${describe(counts)}`);
}
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed > 0 ? 1 : 0);

/** A part that cannot run has not passed. @returns {Counts} */
function notRun(/** @type {string} */ reason) {
  console.error(reason);
  return { passed: 0, failed: 1, skipped: 0 };
}

/** A check has no tests to count: its output is shown only when it fails. @returns {Promise<Counts>} */
async function check(/** @type {string[]} */ ...args) {
  const { ok, output } = await runNode(args, { quiet: true });
  if (!ok) process.stdout.write(output);
  return { passed: 0, failed: ok ? 0 : 1, skipped: 0 };
}

/** @returns {Promise<Counts>} */
function vitest(/** @type {string[]} */ ...projects) {
  const report = reportFile(`${projects[0]}.json`);
  const args = [
    'run',
    ...projects.flatMap((name) => ['--project', name]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  return runner('node_modules/vitest/vitest.mjs', args, {}, () => {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  });
}

/** @returns {Promise<Counts>} */
function playwright() {
  const report = reportFile('e2e.json');
  const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report, ROPEWALK_BROWSER: browser };
  return runner('node_modules/@playwright/test/cli.js', ['test', '--reporter=list,json'], env, () => {
    const { expected, unexpected, flaky, skipped } = JSON.parse(readFileSync(report, 'utf8')).stats;
    return { passed: expected, failed: unexpected + flaky, skipped };
  });
}

/**
 * Runs a test runner and reads its report. One that broke off, found nothing or only skipped has failed.
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {() => Counts} readReport
 * @returns {Promise<Counts>}
 */
async function runner(program, args, env, readReport) {
  const { ok } = await runNode([program, ...args], { env });
  /** @type {Counts} */
  let counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    counts = readReport();
  } catch (error) {
    console.error(`test: ${program} left no report: ${error instanceof Error ? error.message : error}`);
  }
  const sound = ok && counts.passed > 0;
  return { ...counts, failed: sound ? counts.failed : Math.max(1, counts.failed) };
}

/**
 * @param {string[]} args what Node runs, from the repository root
 * @param {{ quiet?: boolean, env?: NodeJS.ProcessEnv }} options `quiet` collects the output instead of showing it
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
function runNode(args, { quiet = false, env = {} }) {
  return new Promise((resolve) => {
    const left = LIMIT_MS - (performance.now() - started);
    if (left <= 0)
      return resolve({ ok: false, output: `test: the limit of ${LIMIT_MS / 60_000} minutes was reached before this part\n` });
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    });
    let output = '';
    child.stdout?.on('data', (text) => (output += text));
    child.stderr?.on('data', (text) => (output += text));
    const timer = setTimeout(() => {
      output += `test: stopped at the limit of ${LIMIT_MS / 60_000} minutes\n`;
      child.kill('SIGTERM');
    }, left);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ ok: code === 0, output });
    });
  });
}

/** A fresh place for a runner's report, so that an old one is never read. */
function reportFile(/** @type {string} */ name) {
  const folder = join(root, '.cache/test');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  rmSync(file, { force: true });
  return file;
}

function describe(/** @type {Counts} */ { passed, failed, skipped }) {
  const parts = [passed && `${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`];
  return parts.filter(Boolean).join(', ');
}
