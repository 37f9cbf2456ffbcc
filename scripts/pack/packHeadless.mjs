/**
 * `npm run pack:headless`: one archive with Node, Dawn, the Vulkan loader, the built runner, the corpora and the recipes, which runs on a bare
 * x86-64 Linux machine with a Vulkan driver by unpacking alone. The same inputs give the same bytes. Needs tar, xz and strip.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { buildForNode, root } from '../buildNode.mjs';
import { findSwiftShader } from '../findBrowser.mjs';

const MOST_BYTES = 60e6;

/** Where the packing machine keeps the libraries that a bare machine may lack. */
const LIBRARY_FOLDERS = ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib'];

if (process.platform !== 'linux' || process.arch !== 'x64') fail('expected x86-64 Linux, whose Node and Dawn are packed');

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const name = `ropewalk-headless-linux-x64-${version}`;
const out = join(root, 'dist-headless');
const folder = join(out, name);
rmSync(folder, { recursive: true, force: true });

const runner = await buildForNode('src/cli/main.ts', '.cache/lab/lab.mjs');
put(process.execPath, 'bin/node');
put(runner, 'runner/lab.mjs');
const dawn = join(root, 'node_modules/webgpu');
for (const file of ['index.js', 'package.json', 'dist/linux-x64/dawn.node'])
  put(join(dawn, file), `runner/node_modules/webgpu/${file}`);
for (const assets of ['corpus', 'models', 'recipes', 'tokenizers']) put(join(root, 'public', assets), `assets/${assets}`);
for (const library of ['libvulkan.so.1', 'libstdc++.so.6', 'libgcc_s.so.1'])
  put(findLibrary(library), `lib/${library.replace(/\.so.*/, '')}/${library}`);
put(join(root, 'scripts/pack/lab.sh'), 'lab');
put(join(root, 'scripts/pack/README.md'), 'README.md');
put(join(root, 'LICENSE'), 'licences/Ropewalk');
put(join(dawn, 'LICENSE.md'), 'licences/Dawn.md');
const nodeLicence = [
  join(dirname(process.execPath), '../LICENSE'),
  '/usr/share/doc/nodejs/LICENSE',
  '/usr/share/doc/nodejs/copyright',
].find(existsSync);
if (nodeLicence) put(nodeLicence, 'licences/Node');
writeFileSync(
  join(folder, 'licences/README'),
  'Node.js: MIT and others, https://github.com/nodejs/node/blob/main/LICENSE\nDawn: BSD 3-Clause\n' +
    'Vulkan loader: Apache 2.0\nlibstdc++, libgcc: GPL 3 with the runtime library exception\n',
);
// What NVIDIA's own installer writes.
const icd = { file_format_version: '1.0.0', ICD: { library_path: 'libGLX_nvidia.so.0', api_version: '1.3.0' } };
writeFileSync(join(folder, 'nvidia_icd.json'), `${JSON.stringify(icd)}\n`);
for (const binary of ['bin/node', 'runner/node_modules/webgpu/dist/linux-x64/dawn.node'])
  execFileSync('strip', [join(folder, binary)]);
chmodSync(join(folder, 'lab'), 0o755);

const archive = join(out, `${name}.tar.xz`);
const order = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
// One thread, since the bytes depend on how the work is cut.
execFileSync('tar', [...order, '-C', out, '-cf', archive, '-I', 'xz -6 -T1', name], { stdio: 'inherit' });
const { size } = statSync(archive);
console.log(`${relative(root, archive)}: ${(size / 1e6).toFixed(1)} MB`);
if (size > MOST_BYTES) fail(`expected at most ${MOST_BYTES / 1e6} MB`);

function put(/** @type {string} */ from, /** @type {string} */ to) {
  const target = join(folder, to);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(from, target, { recursive: true, dereference: true });
}

function findLibrary(/** @type {string} */ library) {
  const found = [...LIBRARY_FOLDERS, findSwiftShader()].find((place) => place && existsSync(join(place, library)));
  if (!found) fail(`expected ${library} on this machine; install a browser, or the package that holds it`);
  return join(/** @type {string} */ (found), library);
}

/** @returns {never} */
function fail(/** @type {string} */ reason) {
  console.error(`pack:headless: ${reason}`);
  process.exit(1);
}
