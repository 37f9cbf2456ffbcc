import { describe, expect, it } from 'vitest';
import table from '../../shaders/README.md?raw';
import { shaderInterface } from '../gpu/pipelines';
import { loadShader, type ShaderConstants, shaderNames } from '../gpu/shader';
import { kernelFamilies } from './families';

/** Every switch on, so that optional bindings are there; sizes do not change what is bound. */
const CONSTANTS: ShaderConstants = {
  TILE_ROWS: 4,
  CACHE: true,
  ROWS: 1,
  KEYS: 1,
  RESIDUAL: true,
  BACKWARD: true,
  ACCUMULATE: true,
  CHAINS: 1,
  HALF: false,
  HEADS: 1,
  SHARE: false,
  STAGED: true,
  TEAM: false,
  THREADS_X: 8,
  THREADS_Y: 8,
  TILE: 8,
  THREADS: 64,
  LANES: 1,
  LOADS: 1,
  QUADS: 1,
  WIDTH: 4,
};

const words = (cell: string) => cell.replaceAll('`', '').trim().split(/\s+/);

/** Rows whose first cell is a code word: operation, what it computes, bindings, and the rest. */
const rows = new Map(
  [...table.matchAll(/^\| `(\w+)` \|([^|]*)\|([^|]*)\|(.*)\|$/gm)].map(([, name, , bindings, rest]) => [
    name,
    { bindings: words(bindings), rest },
  ]),
);

const kernels = shaderNames().filter((name) => loadShader(name, CONSTANTS).includes('@compute'));

describe('the kernel table in shaders/README.md', () => {
  it('has one row per kernel and no other', () => {
    expect([...rows.keys()].sort()).toEqual([...kernels].sort());
  });

  it.each(kernels)('names the bindings of %s', (name) => {
    const { bindings } = shaderInterface(loadShader(name, CONSTANTS));
    expect(rows.get(name)?.bindings).toEqual(bindings.filter((binding) => binding.name !== 'params').map((b) => b.name));
  });

  it('names every include', () => {
    for (const name of shaderNames()) if (!kernels.includes(name)) expect(table).toContain(`\`${name}\``);
  });

  it('names every variant', () => {
    for (const { variants } of kernelFamilies)
      for (const { name } of variants) expect(table).toMatch(new RegExp(`\\b${name}\\b`));
  });
});
