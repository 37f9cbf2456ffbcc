import type { ModelConfig } from '../core/modelConfig';
import type { AttentionShape } from '../kernels/attention';
import type { Dispatch } from '../kernels/dispatch';
import { createTensor, type Purpose, type Tensor } from '../kernels/tensor';
import type { VariantSet } from '../kernels/variants';
import type { RotaryTableSet } from './rotary';
import type { InputTensors, ModelTensors } from './tensors';

/** What a program works on: M = rows · count tokens. */
export interface RowShape {
  rows: number;
  /** Tokens of a row. */
  length: number;
  /** Tokens of each row that one replay takes; default all. With fewer, earlier ones are in the KV cache. */
  count?: number;
}

/** What every program builder needs: the model's tensors, the chosen variants, and a list that dispatches are added to. */
export class ProgramContext {
  readonly dispatches: Dispatch[] = [];
  readonly config: ModelConfig;
  readonly inputs: InputTensors;
  readonly attention: AttentionShape;
  /** Tokens. */
  readonly m: number;

  constructor(
    readonly model: ModelTensors,
    readonly rotary: RotaryTableSet,
    readonly variants: VariantSet,
    readonly shape: RowShape,
    /** One (rows · length, N+2K, H) per layer. Without it, q, k and v live only as long as the layer needs them. */
    readonly cache?: readonly Tensor[],
  ) {
    this.config = model.config;
    this.m = shape.rows * this.count;
    const { docBounds } = model.inputs(shape.rows * shape.length);
    this.inputs = { ...model.inputs(this.m), docBounds };
    this.attention = {
      batch: shape.rows,
      length: shape.length,
      queryHeads: this.config.numAttentionHeads,
      keyValueHeads: this.config.numKeyValueHeads,
      headDim: model.layout.padded.headDim,
    };
  }

  add(...dispatches: Dispatch[]): void {
    this.dispatches.push(...dispatches);
  }

  tensor(name: string, shape: number[], purpose: Purpose = 'working set'): Tensor {
    return createTensor(name, shape, purpose);
  }

  /** Tokens of each row that a replay takes. */
  get count(): number {
    return this.shape.count ?? this.shape.length;
  }

  /** Score scale 1/√head_dim, of the true head_dim. */
  get scale(): number {
    return 1 / Math.sqrt(this.config.headDim);
  }

  get hidden(): number {
    return this.model.layout.padded.hidden;
  }

  /** Query heads × padded head_dim. */
  get queryWidth(): number {
    return this.attention.queryHeads * this.attention.headDim;
  }

  /** Heads in a stacked q, k, v row. */
  get stackedHeads(): number {
    return this.attention.queryHeads + 2 * this.attention.keyValueHeads;
  }
}
