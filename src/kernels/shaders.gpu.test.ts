import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withErrorScopes } from '../gpu/device';
import { KernelCompileError } from '../gpu/errors';
import { PipelineCache } from '../gpu/pipelines';
import { loadShader, type ShaderConstants, shaderFaults, shaderNames } from '../gpu/shader';
import { attentionFamilies, flashConstants } from './attentionVariants';
import { FMA_CHAINS } from './fmaPeak';
import { LOSS_PARTIALS } from './loss';
import { matmulNtFamily } from './matmulVariants';
import { ROWS_PER_BLOCK } from './norm';
import { SQUARE_PARTIALS } from './optimizer';

/** Tiles that need no feature, on float32. */
const matmul = matmulNtFamily.variants
  .filter(({ constants }) => !constants.SHARE)
  .map(({ constants }): ShaderConstants => ({ ...constants, a_t: 'f32', b_t: 'f32', c_t: 'f32', HALF: false }));
/** Those of products that never have a single row. */
const tiles = matmul.filter(({ TILE_ROWS }) => Number(TILE_ROWS) > 1);

/** What flash attention reads and writes; a kernel takes those that it names. */
const ATTENTION_TYPES = { q_t: 'f32', kv_t: 'f32', o_t: 'f32', qkv_t: 'f32', HALF: false };

/**
 * The constants that kernel modules compile each shader with. SwiftShader takes seconds over tall blocks of attention, whose own parity
 * tests compile all of them; here one row at both ends of the head dimension, the software default and the tiles of the portable limits stand
 * for them.
 */
const CONSTANTS: Record<string, readonly ShaderConstants[]> = {
  matmul_nt: matmul.flatMap((constants) => [false, true].map((RESIDUAL) => ({ ...constants, residual_t: 'f32', RESIDUAL }))),
  matmul_nn: tiles,
  matmul_tn: tiles,
  qkv_rotary: matmul.flatMap((constants) => [false, true].map((CACHE) => ({ ...constants, q_t: 'f32', CACHE }))),
  swiglu_forward: matmul.map((constants) => ({ ...constants, y_t: 'f32' })),
  swiglu_backward: tiles.map((constants) => ({ ...constants, y_t: 'f32' })),
  rms_norm_forward: [{ x_t: 'f32', y_t: 'f32', HALF: false }],
  rms_norm_backward: [false, true].map((ACCUMULATE) => ({ x_t: 'f32', ACCUMULATE })),
  rms_norm_backward_weight: [{ x_t: 'f32', ROWS_PER_BLOCK }],
  column_sum: [{}],
  embedding_forward: [{ weight_t: 'f32', x_t: 'f32' }],
  embedding_backward: [{}],
  cross_entropy: [{ BACKWARD: false }, { BACKWARD: true }],
  loss_sum: [{ PARTIALS: LOSS_PARTIALS }],
  square_sum: [{ PARTIALS: SQUARE_PARTIALS }],
  step_finish: [{}],
  flash_decode: [
    { q_t: 'f32', kv_t: 'f32', HEAD_DIM: 8, HEADS: 1 },
    { q_t: 'f32', kv_t: 'f32', HEAD_DIM: 128, HEADS: 4 },
  ],
  flash_decode_combine: [{ o_t: 'f32', HALF: false, HEAD_DIM: 64 }],
  adamw: [{}],
  to_half: [{ HALF: true, y_t: 'f16' }],
  fma_peak: [{ CHAINS: FMA_CHAINS }],
  attention_delta: [8, 128].map((HEAD_DIM) => ({ HEAD_DIM, o_t: 'f32' })),
  attention_statistics: [8, 128].map((HEAD_DIM) => ({ HEAD_DIM, qkv_t: 'f32' })),
  attention_statistics_reduce: [{}],
  attention_distance_profile: [8, 128].map((HEAD_DIM) => ({ HEAD_DIM, qkv_t: 'f32' })),
  ...Object.fromEntries(
    attentionFamilies.map((family) => {
      const { operation, variants } = family;
      const at = (name: string, HEAD_DIM: number) => {
        return { ...ATTENTION_TYPES, HEAD_DIM, ...flashConstants(family, { [operation]: name }, HEAD_DIM) };
      };
      const [{ name: own }] = variants;
      const { name: software } = variants.findLast(({ constants }) => !constants.SHARE && !constants.STAGED)!;
      return [operation, [at(own, 8), at(own, 128), at(software, 8), at('tiled-64-16k', 8), at('tiled-64-16k', 128)]];
    }),
  ),
};

/** Includes have no entry point and are compiled inside the shaders that use them. */
const kernels = shaderNames().filter((name) => loadShaderText(name).includes('@compute'));

/** The file as it is, whatever constants its directives ask for. */
function loadShaderText(name: string): string {
  let text = '';
  shaderFaults.set(name, (source) => {
    text = source;
    return '';
  });
  loadShader(name);
  shaderFaults.delete(name);
  return text;
}

let device: GPUDevice;
let pipelines: PipelineCache;

beforeAll(async () => {
  // No limit is asked for, so WebGPU itself refuses what exceeds the defaults: 8 storage buffers, 16 KiB workgroup memory, 256 invocations.
  device = await (await navigator.gpu.requestAdapter())!.requestDevice();
  expect([device.limits.maxComputeWorkgroupStorageSize, device.limits.maxComputeInvocationsPerWorkgroup]).toEqual([16_384, 256]);
  pipelines = new PipelineCache(device);
});

afterEach(() => shaderFaults.clear());

describe.each(kernels)('shaders/%s.wgsl', (name) => {
  it('compiles within the default limits under every set of constants that its module uses', async () => {
    const sets = CONSTANTS[name];
    expect(sets, `add ${name} to CONSTANTS`).toBeDefined();
    for (const constants of sets) {
      if (Object.values(constants).includes('f16')) {
        // A device that was not asked for float16 must refuse it, and nothing else about the shader.
        await expect(withErrorScopes(device, name, () => pipelines.get(name, constants))).rejects.toThrow(/f16/);
        continue;
      }
      const { pipeline } = await withErrorScopes(device, name, () => pipelines.get(name, constants));
      expect(pipeline.label).toContain(name);
    }
  });

  it('binds at most eight storage buffers', () => {
    for (const constants of CONSTANTS[name] ?? [])
      expect(loadShader(name, constants).match(/var<storage/g)?.length ?? 0).toBeLessThanOrEqual(8);
  });

  it('opens with a header: what it computes, its work split and its bindings', () => {
    const header = /^(\/\/.*\n)+/.exec(loadShaderText(name))?.[0] ?? '';
    expect(header).toMatch(/^\/\/ [A-Z].*\./);
    for (const part of ['Work split:', 'Bindings:']) expect(header).toContain(`// ${part}`);
  });
});

it('CONSTANTS names only shaders that exist', () => {
  expect(Object.keys(CONSTANTS).filter((name) => !kernels.includes(name))).toEqual([]);
});

describe('a broken shader', () => {
  it('is refused with the line and its text', async () => {
    shaderFaults.set('column_sum', (source) => source.replace('let column = thread.x;', 'let column = thread.q;'));
    const line = loadShader('column_sum').split('\n').indexOf('  let column = thread.q;') + 1;
    // The scopes catch Dawn's own report of the same error.
    const compile = withErrorScopes(device, 'column_sum', () => new PipelineCache(device).get('column_sum', {}));
    const failure = await compile.catch((error) => error);
    expect(failure).toBeInstanceOf(KernelCompileError);
    expect(failure.message).toContain(`line ${line}:`);
    expect(failure.message).toContain('«let column = thread.q;»');
    expect(failure.message).toContain('fix shaders/column_sum.wgsl');
  });
});
