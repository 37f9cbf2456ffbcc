import { KernelCompileError } from './errors';
import { loadShader, type ShaderConstants } from './shader';

/** A storage or uniform binding as its WGSL declaration states it; the shader is the only place that holds indices. */
export interface BindingDeclaration {
  name: string;
  index: number;
  type: 'uniform' | 'storage' | 'read-only-storage';
}

export interface ParameterField {
  name: string;
  type: 'u32' | 'i32' | 'f32';
}

/** What a shader declares: its bindings by tensor name and the scalars of its `Params` uniform. */
export interface ShaderInterface {
  bindings: BindingDeclaration[];
  params: ParameterField[];
}

export interface Pipeline extends ShaderInterface {
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
}

/** Reads `@group(0) @binding(n) var<…> name` and `struct Params { … }` from WGSL text. */
export function shaderInterface(source: string): ShaderInterface {
  const bindings: BindingDeclaration[] = [];
  for (const [, index, space, name] of source.matchAll(/@group\(0\)\s*@binding\((\d+)\)\s*var<([^>]+)>\s*(\w+)\s*:/g)) {
    const type = space === 'uniform' ? 'uniform' : /read_write/.test(space) ? 'storage' : 'read-only-storage';
    bindings.push({ name, index: Number(index), type });
  }
  const struct = /struct Params \{([^}]*)\}/.exec(source)?.[1] ?? '';
  const params: ParameterField[] = [];
  for (const [, name, type] of struct.replace(/\/\/.*$/gm, '').matchAll(/(\w+)\s*:\s*(u32|i32|f32)\s*,/g))
    params.push({ name, type: type as ParameterField['type'] });
  return { bindings, params };
}

/** Packs scalars into the bytes of a `Params` struct; every field must be given and no other. */
export function packParams(
  label: string,
  fields: readonly ParameterField[],
  values: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const extra = Object.keys(values).filter((name) => !fields.some((field) => field.name === name));
  const missing = fields.filter((field) => values[field.name] === undefined).map((field) => field.name);
  if (extra.length || missing.length)
    throw new KernelCompileError(
      `${label} parameters`,
      fields.map((field) => field.name).join(', '),
      Object.keys(values).join(', '),
      'make the kernel module and struct Params agree',
    );
  const view = new DataView(new ArrayBuffer(Math.max(16, fields.length * 4)));
  fields.forEach(({ name, type }, i) => {
    if (type === 'f32') view.setFloat32(i * 4, values[name], true);
    else if (type === 'i32') view.setInt32(i * 4, values[name], true);
    else view.setUint32(i * 4, values[name], true);
  });
  return new Uint8Array(view.buffer);
}

/** Compiles each (shader, constants) once per device, asynchronously, under explicit layouts. */
export class PipelineCache {
  private readonly pipelines = new Map<string, Promise<Pipeline>>();

  constructor(private readonly device: GPUDevice) {}

  get size(): number {
    return this.pipelines.size;
  }

  get(shader: string, constants: ShaderConstants): Promise<Pipeline> {
    const key = pipelineKey(shader, constants);
    let pipeline = this.pipelines.get(key);
    if (!pipeline) {
      pipeline = this.compile(key, shader, constants);
      this.pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  private async compile(label: string, shader: string, constants: ShaderConstants): Promise<Pipeline> {
    const code = loadShader(shader, constants);
    const { bindings, params } = shaderInterface(code);
    const layout = this.device.createBindGroupLayout({
      label,
      entries: bindings.map(({ index, type }) => ({
        binding: index,
        visibility: 4 /* GPUShaderStage.COMPUTE */,
        buffer: { type },
      })),
    });
    const module = this.device.createShaderModule({ label, code });
    const problems = (await module.getCompilationInfo()).messages.filter((message) => message.type === 'error');
    if (problems.length)
      throw new KernelCompileError(
        `compile ${label}`,
        'valid WGSL',
        problems
          .map(({ lineNum, message }) => `line ${lineNum}: ${message} «${code.split('\n')[lineNum - 1]?.trim()}»`)
          .join('\n'),
        `fix shaders/${shader}.wgsl`,
      );
    try {
      const pipeline = await this.device.createComputePipelineAsync({
        label,
        layout: this.device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main' },
      });
      return { pipeline, layout, bindings, params };
    } catch (error) {
      throw new KernelCompileError(
        `compile ${label}`,
        'a pipeline this adapter accepts',
        (error as Error).message,
        `fix shaders/${shader}.wgsl`,
      );
    }
  }
}

/** "matmul_nt(TILE_ROWS=8)": names a compiled kernel in labels, profiles and run records. */
export function pipelineKey(shader: string, constants: ShaderConstants): string {
  const values = Object.entries(constants).map(([key, value]) => `${key}=${value}`);
  return values.length ? `${shader}(${values.join(',')})` : shader;
}
