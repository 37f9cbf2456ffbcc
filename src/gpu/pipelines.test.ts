import { describe, expect, it } from 'vitest';
import { KernelCompileError } from './errors';
import { packParams, pipelineKey, shaderInterface } from './pipelines';
import { loadShader, shaderNames } from './shader';

const SOURCE = `
struct Params {
  rows: u32,  // not a field: i32,
  shift: i32,
  eps: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0)
@binding(5) var<storage, read_write> y: array<f32>;
var<workgroup> scratch: array<f32, 64>;
`;

describe('shaderInterface', () => {
  it('reads bindings by name, index and access, and the fields of Params in order', () => {
    expect(shaderInterface(SOURCE)).toEqual({
      bindings: [
        { name: 'params', index: 0, type: 'uniform' },
        { name: 'x', index: 2, type: 'read-only-storage' },
        { name: 'y', index: 5, type: 'storage' },
      ],
      params: [
        { name: 'rows', type: 'u32' },
        { name: 'shift', type: 'i32' },
        { name: 'eps', type: 'f32' },
      ],
    });
  });

  it('follows the constants: a binding under #if is there only with them', () => {
    const names = (RESIDUAL: boolean) =>
      shaderInterface(
        loadShader('matmul_nt', {
          TILE_ROWS: 4,
          THREADS_X: 8,
          THREADS_Y: 8,
          SHARE: false,
          STAGED: false,
          TEAM: false,
          WIDTH: 8,
          HALF: false,
          RESIDUAL,
        }),
      ).bindings.map(({ name }) => name);
    expect(names(true)).toEqual(['params', 'a', 'b', 'c', 'residual']);
    expect(names(false)).toEqual(['params', 'a', 'b', 'c']);
  });

  it('is empty for an include', () => {
    expect(shaderNames()).toContain('linear_index');
    expect(shaderInterface(loadShader('linear_index'))).toEqual({ bindings: [], params: [] });
  });
});

describe('packParams', () => {
  const { params } = shaderInterface(SOURCE);

  it('packs each scalar by its type, in at least the 16 bytes of a uniform', () => {
    const view = new DataView(packParams('norm', params, { eps: 0.5, rows: 4_000_000_000, shift: -3 }).buffer);
    expect([view.getUint32(0, true), view.getInt32(4, true), view.getFloat32(8, true)]).toEqual([4_000_000_000, -3, 0.5]);
    expect(view.byteLength).toBe(16);
    expect(packParams('norm', params.slice(0, 1), { rows: 1 })).toHaveLength(16);
  });

  it.each([
    ['a missing field', { rows: 1, eps: 1 }],
    ['an extra field', { rows: 1, shift: 0, eps: 1, width: 3 }],
  ])('refuses %s and names both sides', (_, values) => {
    expect(() => packParams('norm', params, values)).toThrow(KernelCompileError);
    expect(() => packParams('norm', params, values)).toThrow(
      `norm parameters: expected rows, shift, eps, got ${Object.keys(values).join(', ')}`,
    );
  });
});

describe('pipelineKey', () => {
  it('names a shader and its constants', () => {
    expect(pipelineKey('adamw', {})).toBe('adamw');
    expect(pipelineKey('matmul_nt', { TILE_ROWS: 8, RESIDUAL: true })).toBe('matmul_nt(TILE_ROWS=8,RESIDUAL=true)');
  });
});
