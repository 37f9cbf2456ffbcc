import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';
import { describe, expect, it } from 'vitest';

const ROOT = posix.join(dirname(fileURLToPath(import.meta.url)).replaceAll('\\', '/'), '..');

/** Who may import whom. A name is a room or one file of it; `type` before it means `import type` only. */
const MAY_IMPORT: Record<string, string[]> = {
  core: [],
  reference: ['core'],
  gpu: ['core', 'shaders'], // holds the one loader of WGSL text
  kernels: ['gpu', 'core', 'shaders'],
  tuning: ['kernels', 'gpu', 'reference', 'core'],
  model: ['kernels', 'gpu', 'core'],
  data: ['core'],
  training: ['model', 'kernels', 'data', 'gpu', 'core'],
  probes: ['model', 'kernels', 'data', 'gpu', 'core'],
  interchange: ['core'],
  runs: ['interchange', 'core'],
  session: ['runs', 'interchange', 'probes', 'training', 'data', 'model', 'tuning', 'kernels', 'gpu', 'core', 'shaders'],
  studies: ['type session', 'core'],
  worker: ['session', 'studies', 'core'],
  cli: ['session', 'studies', 'core'],
  store: ['type worker/protocol', 'worker/client', 'core'],
  ui: ['store', 'core'],
  'main.tsx': ['ui', 'store'],
};

/** Tests and benches may also compare with the oracles. */
const TESTS_MAY_ALSO_IMPORT = ['reference'];

/** Packages that belong to some rooms only: what is below them stays free of the platform and of the interface. */
const PACKAGE_ROOMS: [name: RegExp, rooms: string[]][] = [
  [/^(node:|webgpu$)/, ['cli']],
  [/^(comlink|idb)$/, ['worker']],
  [/^zustand(\/|$)/, ['store', 'ui']],
  [/^(react|react-dom|radix-ui|react-resizable-panels)(\/|$)/, ['ui', 'main.tsx']],
];

/** `url` is `new URL(path, import.meta.url)`, which starts a worker or names a file; `glob` is `import.meta.glob`. */
interface Import {
  specifier: string;
  kind: 'value' | 'type' | 'url' | 'glob';
}

/** Every import of one file. Inline `{ type A }` alone counts as a value import: the module is still loaded at run time. */
function importsOf(file: string, source: string): Import[] {
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0].message}`);
  const found: Import[] = [];
  for (const { start, moduleRequest } of module.staticImports)
    found.push({
      specifier: moduleRequest.value,
      kind: /^import\s+type\s+(?!from\s*["'])[\w{*]/.test(source.slice(start)) ? 'type' : 'value',
    });
  for (const { start, entries } of module.staticExports) {
    const request = entries.find((entry) => entry.moduleRequest)?.moduleRequest;
    if (request) found.push({ specifier: request.value, kind: /^export\s+type\b/.test(source.slice(start)) ? 'type' : 'value' });
  }
  const dynamic = new Set(module.dynamicImports.map((entry) => entry.start));
  for (const match of source.matchAll(/\bimport\(\s*['"`]([^'"`]+)['"`]/g))
    found.push({ specifier: match[1], kind: dynamic.has(match.index) ? 'value' : 'type' });
  for (const [, specifier] of source.matchAll(/\bnew URL\(\s*['"`]([^'"`]+)['"`]\s*,\s*import\.meta\.url/g))
    found.push({ specifier, kind: 'url' });
  for (const [, patterns] of source.matchAll(/\bimport\.meta\.glob(?:<[^(]*>)?\(\s*(\[[^\]]*\]|['"`][^'"`]*['"`])/g))
    for (const [, specifier] of patterns.matchAll(/['"`]!?([^'"`]+)['"`]/g)) found.push({ specifier, kind: 'glob' });
  return found;
}

/** Path from the repository root without extension or query; undefined for a package. */
function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('/')) return specifier.slice(1).replace(/\?.*$/, '');
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from), specifier.replace(/\?.*$/, '')).replace(/\.tsx?$/, '');
}

/** `src/worker/protocol` is in room `worker`; `src/main.tsx` and `shaders/` are rooms of their own. */
function roomOf(path: string): string {
  const parts = path.split('/');
  return parts[0] === 'src' ? parts[1] : parts[0];
}

const isTest = (file: string) => /\.(test|bench)\.tsx?$/.test(file);

/** One sentence if this import crosses a boundary that the tables do not open. */
function violation(file: string, { specifier, kind }: Import): string | undefined {
  const room = roomOf(file);
  const target = resolve(file, specifier);
  if (target === undefined) {
    const owners = PACKAGE_ROOMS.find(([name]) => name.test(specifier))?.[1];
    if (!owners || owners.includes(room) || isTest(file)) return undefined;
    return `${file} imports ${specifier}, which only ${owners.join(' and ')} may`;
  }
  if (roomOf(target) === room) return undefined;
  const allowed = [...(MAY_IMPORT[room] ?? []), ...(isTest(file) ? TESTS_MAY_ALSO_IMPORT : [])];
  const names = [roomOf(target), target.replace(/^src\//, '')];
  if (names.some((name) => allowed.includes(name) || (kind === 'type' && allowed.includes(`type ${name}`)))) return undefined;
  return `${file} imports ${specifier} (${kind}); ${room} may import ${allowed.join(', ') || 'nothing of ours'}`;
}

/** The first cycle among value imports, as a path that ends where it began. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return undefined;
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node);
    if (cycle) return cycle;
  }
  return undefined;
}

const files = readdirSync(posix.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .map((file) => `src/${file.replaceAll('\\', '/')}`)
  .filter((file) => /\.tsx?$/.test(file) && roomOf(file) !== 'boundaries.test.ts');
const imports = new Map(files.map((file) => [file, importsOf(file, readFileSync(posix.join(ROOT, file), 'utf8'))]));

describe('the rooms of src', () => {
  it('import only what the table allows', () => {
    const violations = [...imports].flatMap(([file, list]) =>
      list.map((each) => violation(file, each)).filter((text) => text !== undefined),
    );
    expect(violations).toEqual([]);
  });

  it('have no cycle of value imports', () => {
    const byPath = new Map(files.map((file) => [file.replace(/\.tsx?$/, ''), file]));
    const targets = (file: string, list: Import[]) =>
      list.flatMap(({ specifier, kind }) => (kind === 'value' ? (byPath.get(resolve(file, specifier) ?? '') ?? []) : []));
    expect(findCycle(new Map([...imports].map(([file, list]) => [file, targets(file, list)])))).toBeUndefined();
  });

  it('are those of the table, each with files', () => {
    const rooms = new Set(files.filter((file) => !isTest(file)).map(roomOf));
    expect([...rooms].filter((room) => !MAY_IMPORT[room])).toEqual([]);
    expect(Object.keys(MAY_IMPORT).filter((room) => !rooms.has(room))).toEqual([]);
    expect(existsSync(posix.join(ROOT, 'shaders'))).toBe(true);
  });

  it('keep the protocol between page and worker free of code', () => {
    const protocol = readFileSync(posix.join(ROOT, 'src/worker/protocol.ts'), 'utf8');
    const { staticExports } = parseSync('protocol.ts', protocol).module;
    expect(staticExports.flatMap(({ entries }) => entries).filter(({ isType }) => !isType)).toEqual([]);
    expect(importsOf('protocol.ts', protocol).filter(({ kind }) => kind !== 'type')).toEqual([]);
  });
});

describe('importsOf', () => {
  const kinds = (source: string) => importsOf('sample.ts', source).map(({ specifier, kind }) => `${kind} ${specifier}`);

  it('tells value imports from type imports', () => {
    expect(kinds("import { a } from './a'; import b, * as c from './b'; import './c';")).toEqual([
      'value ./a',
      'value ./b',
      'value ./c',
    ]);
    expect(kinds("import type { A } from './a'; import { type B } from './b'; import type from './c';")).toEqual([
      'type ./a',
      'value ./b',
      'value ./c',
    ]);
  });

  it('reads exports from elsewhere and none from here', () => {
    expect(kinds("export * from './a'; export type { B } from './b'; export const c = 1;")).toEqual(['value ./a', 'type ./b']);
  });

  it('reads dynamic imports, import types, worker addresses and globs', () => {
    expect(kinds("const a = await import('./a'); type B = import('./b').B;")).toEqual(['value ./a', 'type ./b']);
    expect(kinds("new Worker(new URL('./w.ts', import.meta.url), { type: 'module' });")).toEqual(['url ./w.ts']);
    expect(kinds("import.meta.glob<string>(['../../shaders/*.wgsl', '!./x'], { query: '?raw' });")).toEqual([
      'glob ../../shaders/*.wgsl',
      'glob ./x',
    ]);
  });

  it('does not take strings for imports, and reports text that is not TypeScript', () => {
    expect(kinds('const text = "import { a } from \'./a\'";')).toEqual([]);
    expect(() => kinds('import {')).toThrow('does not parse');
  });
});

describe('violation', () => {
  const check = (file: string, specifier: string, kind: Import['kind'] = 'value') => violation(file, { specifier, kind });

  it('names the file, the import and what is allowed', () => {
    expect(check('src/gpu/device.ts', '../kernels/matmul')).toBe(
      'src/gpu/device.ts imports ../kernels/matmul (value); gpu may import core, shaders',
    );
    expect(check('src/core/a.ts', '../gpu/b', 'type')).toContain('nothing of ours');
    expect(check('src/kernels/deep/a.ts', '../../../public/corpus/index.json')).toContain('kernels may import');
    expect(check('src/session/lab.ts', '../reference/adamw')).toBeDefined();
  });

  it('lets the table’s edges, the same room and packages through', () => {
    expect(check('src/kernels/deep/matmul.ts', '../../gpu/device')).toBeUndefined();
    expect(check('src/core/a.ts', './b')).toBeUndefined();
    expect(check('src/core/a.ts', 'zod')).toBeUndefined();
    expect(check('src/gpu/shader.ts', '../../shaders/*.wgsl', 'glob')).toBeUndefined();
  });

  it('opens type-only edges to types and single files to their importers', () => {
    expect(check('src/studies/a.ts', '../session/lab', 'type')).toBeUndefined();
    expect(check('src/studies/a.ts', '../session/lab')).toBeDefined();
    expect(check('src/store/a.ts', '../worker/protocol', 'type')).toBeUndefined();
    expect(check('src/store/a.ts', '../worker/protocol')).toBeDefined();
    expect(check('src/store/a.ts', '../worker/client')).toBeUndefined();
    expect(check('src/store/a.ts', '../worker/lab.worker.ts', 'url')).toBeDefined();
  });

  it('lets tests and benches reach the oracles, and nothing else', () => {
    expect(check('src/kernels/a.gpu.test.ts', '../reference/matmul')).toBeUndefined();
    expect(check('src/kernels/a.bench.ts', '../reference/matmul')).toBeUndefined();
    expect(check('src/kernels/a.ts', '../reference/matmul')).toBeDefined();
    expect(check('src/kernels/a.test.ts', '../ui/App')).toBeDefined();
  });

  it('keeps platform packages in their rooms', () => {
    expect(check('src/session/lab.ts', 'node:fs')).toBe('src/session/lab.ts imports node:fs, which only cli may');
    expect(check('src/session/lab.ts', 'comlink')).toBeDefined();
    expect(check('src/ui/App.tsx', 'react')).toBeUndefined();
    expect(check('src/data/a.test.ts', 'node:fs')).toBeUndefined();
  });
});

describe('findCycle', () => {
  it('reports the files of a cycle in order', () => {
    const graph = new Map([
      ['entry', ['a']],
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['a']],
    ]);
    expect(findCycle(graph)).toEqual(['a', 'b', 'c', 'a']);
  });

  it('lets a diamond pass', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d']],
    ]);
    expect(findCycle(graph)).toBeUndefined();
  });
});
