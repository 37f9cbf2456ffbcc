/**
 * Finds a Chrome, Chromium or Edge for the browser tests, and the SwiftShader Vulkan driver that ships beside it for
 * the GPU tests in Node. `node scripts/findBrowser.mjs` prints the path, and installs Chromium first if there is none.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Where distributions keep the real binary and its libraries when the command on the PATH is only a wrapper script. */
const LIBRARY_FOLDERS = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium-browser',
  '/opt/google/chrome',
  '/opt/microsoft/msedge',
];

/**
 * The first browser that starts: `ROPEWALK_BROWSER`, then Playwright's cache, then the usual places.
 * @returns {string | undefined} path of the executable
 */
export function findBrowser() {
  return browserCandidates().find(starts);
}

/**
 * The browser found, or else installed: Playwright's full Chromium first, then the distribution's package.
 * @returns {string | undefined} path of the executable
 */
export function findOrInstallBrowser() {
  const found = findBrowser();
  if (found || process.env.ROPEWALK_BROWSER) return found;
  installWithPlaywright();
  return findBrowser() ?? (installWithApt() ? findBrowser() : undefined);
}

/** The sentence to show when `findOrInstallBrowser` returns nothing. */
export function noBrowserMessage() {
  const named = process.env.ROPEWALK_BROWSER;
  return named
    ? `browser: expected ROPEWALK_BROWSER to name a Chrome, Chromium or Edge that starts, got ${named}; correct or unset it`
    : 'browser: expected Chrome, Chromium or Edge, found none and could not install one; install it and set ROPEWALK_BROWSER to its path';
}

/**
 * The folder with SwiftShader's driver file and, mostly, the Vulkan loader: beside a browser, behind its links and wrappers.
 * @returns {string | undefined}
 */
export function findSwiftShader() {
  const folders = [...browserCandidates().map((browser) => dirname(realpathSync(browser))), ...LIBRARY_FOLDERS];
  return folders.find((folder) => existsSync(join(folder, 'vk_swiftshader_icd.json')));
}

/** @returns {string[]} existing executables, best first */
function browserCandidates() {
  const named = process.env.ROPEWALK_BROWSER;
  const candidates = named ? [named] : [...playwrightBrowsers(), ...installedBrowsers()];
  return candidates.filter((path) => existsSync(path));
}

/** @returns {string[]} full Chromium builds in Playwright's cache, newest revision first; its headless shell has no WebGPU */
function playwrightBrowsers() {
  const cache = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), playwrightCache());
  if (!existsSync(cache)) return [];
  const mac = 'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing';
  const binaries = [
    'chrome-linux64/chrome',
    'chrome-linux/chrome',
    `chrome-mac-arm64/${mac}`,
    `chrome-mac-x64/${mac}`,
    'chrome-win64/chrome.exe',
  ];
  const revision = (/** @type {string} */ name) => Number(name.slice('chromium-'.length));
  return readdirSync(cache)
    .filter((name) => /^chromium-\d+$/.test(name))
    .sort((a, b) => revision(b) - revision(a))
    .flatMap((name) => binaries.map((binary) => join(cache, name, binary)));
}

function playwrightCache() {
  if (process.platform === 'darwin') return 'Library/Caches/ms-playwright';
  return process.platform === 'win32' ? 'AppData/Local/ms-playwright' : '.cache/ms-playwright';
}

/** @returns {string[]} where installers put browsers on this system */
function installedBrowsers() {
  if (process.platform === 'darwin') {
    const names = ['Google Chrome', 'Chromium', 'Microsoft Edge'];
    return names.flatMap((name) =>
      ['/Applications', join(homedir(), 'Applications')].map((at) => `${at}/${name}.app/Contents/MacOS/${name}`),
    );
  }
  if (process.platform === 'win32') {
    const roots = [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA].filter(
      (at) => at !== undefined,
    );
    const paths = [
      'Google/Chrome/Application/chrome.exe',
      'Chromium/Application/chrome.exe',
      'Microsoft/Edge/Application/msedge.exe',
    ];
    return paths.flatMap((path) => roots.map((at) => join(at, path)));
  }
  const commands = [
    'google-chrome-stable',
    'google-chrome',
    'chromium',
    'chromium-browser',
    'microsoft-edge-stable',
    'microsoft-edge',
  ];
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), '/usr/bin', '/snap/bin'];
  return commands.flatMap((command) => folders.map((folder) => join(folder, command)));
}

/** A download without its system libraries, or a package that only points to a snap, exists but does not start. */
function starts(/** @type {string} */ browser) {
  if (process.platform === 'win32') return true; // chrome.exe --version opens a window there
  return spawnSync(browser, ['--version'], { stdio: 'ignore', timeout: 30_000 }).status === 0;
}

function installWithPlaywright() {
  const cli = join(root, 'node_modules/@playwright/test/cli.js');
  if (!existsSync(cli)) return false;
  console.error('browser: none found, downloading Chromium through Playwright');
  return run(process.execPath, [cli, 'install', '--no-shell', 'chromium']);
}

/** Debian's and Ubuntu's package, where this user may install packages without being asked for a password. */
function installWithApt() {
  if (!existsSync('/usr/bin/apt-get')) return false;
  console.error('browser: installing the package chromium');
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const [command, ...prefix] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
  return run(command, [...prefix, 'update']) && run(command, [...prefix, 'install', '-y', 'chromium']);
}

/** Runs an installer with its output on standard error, so that callers keep standard output clean. */
function run(/** @type {string} */ command, /** @type {string[]} */ args) {
  return spawnSync(command, args, { stdio: ['ignore', 2, 2], timeout: 300_000 }).status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const browser = findOrInstallBrowser();
  if (browser) console.log(browser);
  else {
    console.error(noBrowserMessage());
    process.exitCode = 1;
  }
}
