import { InputError } from '../core/errors';
import { DEFAULT_PACE_LIMITS } from '../core/paceLimits';
import { type Gpu, withErrorScopes } from '../gpu/device';
import type { PipelineCache } from '../gpu/pipelines';
import { mapForReading } from '../gpu/readback';
import { elementBytes } from '../kernels/tensor';
import { type CompileProgress, Engine } from './engine';
import { GenerationPlan, type GenerationPlanOptions, type LayersProgram } from './generationPlan';
import { documentBounds } from './upload';

export interface GeneratorOptions extends Omit<GenerationPlanOptions, 'facts'> {
  gpu: Gpu;
  pipelines: PipelineCache;
  /** The engine that holds the weights of `model`; it must outlive the generator. */
  weightsFrom: Engine;
  onCompile?: CompileProgress;
  /** A chunk of a prompt that takes longer is followed by narrower ones; default the longest submit that a page should make. */
  maxChunkMs?: number;
}

/** Tokens of a chunk that is not halved again: with 16, which leave tiles empty, a prompt of 32,768 took 1.8 times as long on lavapipe. */
const NARROWEST_CHUNK = 64;

/**
 * Next-token logits from the weights as they are on the device, with a KV cache. Calls append to the context and must not overlap: await
 * one before the next. Where the weights change in between, what is cached stays that of the weights before, until `reset`.
 * After creation nothing is allocated on the device.
 */
export class Generator {
  private filled = 0;

  private constructor(
    private readonly gpu: Gpu,
    private readonly plan: GenerationPlan,
    private readonly engine: Engine,
    private readonly staging: GPUBuffer,
    private readonly maxChunkMs: number,
  ) {}

  /** @throws OutOfMemoryError with nothing left allocated. */
  static async create(options: GeneratorOptions): Promise<Generator> {
    const { gpu, pipelines, weightsFrom, length, onCompile, maxChunkMs = DEFAULT_PACE_LIMITS.maxSubmitMs } = options;
    if (!Number.isInteger(length) || length < 1)
      throw new InputError('generate', 'a context of at least one token', length, 'change the length');
    const plan = new GenerationPlan({ ...options, facts: gpu.facts });
    const engine = await Engine.create(gpu, pipelines, plan.programs, onCompile, weightsFrom);
    try {
      return await withErrorScopes(gpu.device, 'begin generation', () => {
        for (const { tensor, values } of plan.rotary.contents()) engine.write(tensor, values);
        // The whole context is one document.
        const { docBounds } = plan.model.inputs(length);
        if (engine.holds(docBounds))
          engine.write(docBounds, documentBounds({ rows: 1, length, docStart: new Uint32Array(length) }));
        const staging = gpu.device.createBuffer({
          label: 'logits.staging',
          size: plan.stagingBytes,
          usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
        });
        const generator = new Generator(gpu, plan, engine, staging, maxChunkMs);
        generator.reset();
        return generator;
      });
    } catch (error) {
      engine.destroy();
      throw error;
    }
  }

  /** Tokens in the context so far. */
  get position(): number {
    return this.filled;
  }

  /** Room of the context. */
  get length(): number {
    return this.plan.model.maxTokens;
  }

  /** Begins an empty context, on the weights as they are now. */
  reset(): void {
    this.filled = 0;
    if (this.plan.weights) this.engine.run(this.plan.weights);
  }

  /**
   * Appends tokens, a chunk at a time. @returns (V) logits of what follows the last of them.
   * @param signal ends it between two chunks; what was appended by then stays.
   * @throws InputError with nothing appended when they do not fit; the signal's reason when it was aborted.
   */
  async prefill(ids: readonly number[], signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    this.check(ids);
    const { chunk } = this.plan;
    let { width } = chunk;
    for (let first = 0, end: number; first < ids.length; first = end) {
      signal?.throwIfAborted();
      end = Math.min(first + width, ids.length);
      const started = performance.now();
      this.runLayers(chunk, ids.slice(first, end));
      if (end === ids.length) break;
      // A long prompt must not fill the queue, which nothing could take back.
      await this.gpu.device.queue.onSubmittedWorkDone();
      // The further on, the more keys: later chunks of as many tokens take longer.
      if (performance.now() - started > this.maxChunkMs) width = Math.max(NARROWEST_CHUNK, Math.ceil(width / 2));
    }
    return this.readLogits();
  }

  /** Appends one token. @returns (V) logits of what follows it. */
  async decode(id: number): Promise<Float32Array<ArrayBuffer>> {
    this.check([id]);
    this.runLayers(this.plan.token, [id]);
    return this.readLogits();
  }

  /** Frees everything but the weights. */
  destroy(): void {
    this.staging.destroy();
    this.engine.destroy();
  }

  private check(ids: readonly number[]): void {
    const { vocabSize } = this.plan.model.config;
    if (!ids.length)
      throw new InputError('generate', 'at least one token', 'none', 'begin with the tokenizer’s beginning-of-text token');
    if (this.filled + ids.length > this.length)
      throw new InputError(
        'generate',
        `a context of at most ${this.length} tokens`,
        this.filled + ids.length,
        'shorten the prompt, or begin a new context',
      );
    const unknown = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
    if (unknown !== undefined)
      throw new InputError('generate', `token ids below vocab_size ${vocabSize}`, unknown, 'use the tokenizer of this model');
  }

  /** Submits the layers over these tokens, at most the program's width, and leaves the last one's row for the head. */
  private runLayers({ program, width, x }: LayersProgram, ids: readonly number[]): void {
    const { device } = this.gpu;
    const { model, last } = this.plan;
    const tokens = ids.length;
    const executable = this.engine.executable(program);
    this.engine.write(model.inputs(tokens).ids, Uint32Array.from(ids));
    const position = { first: this.filled, first_query: this.filled };
    // Every kernel is told how many of the program's rows there are, so that none writes past the end of the cache.
    executable.setParams(width === 1 ? position : { ...position, rows: tokens, m: tokens, count: tokens, query_count: tokens });
    const encoder = device.createCommandEncoder({ label: program.name });
    const pass = encoder.beginComputePass({ label: program.name });
    executable.encode(pass);
    pass.end();
    const rowBytes = x.shape[1] * elementBytes(x);
    const source = this.engine.sourceOf(x, program);
    encoder.copyBufferToBuffer(source, (tokens - 1) * rowBytes, this.engine.bufferOf(last.storage), 0, rowBytes);
    device.queue.submit([encoder.finish()]);
    this.filled += tokens;
  }

  private async readLogits(): Promise<Float32Array<ArrayBuffer>> {
    const { device } = this.gpu;
    const { head, logits, stagingBytes, model } = this.plan;
    const encoder = device.createCommandEncoder({ label: head.name });
    const pass = encoder.beginComputePass({ label: head.name });
    this.engine.executable(head).encode(pass);
    pass.end();
    encoder.copyBufferToBuffer(this.engine.bufferOf(logits.storage), 0, this.staging, 0, stagingBytes);
    device.queue.submit([encoder.finish()]);
    await mapForReading(this.staging, 'generate');
    const values = new Float32Array(this.staging.getMappedRange()).slice(0, model.config.vocabSize);
    this.staging.unmap();
    return values;
  }
}
