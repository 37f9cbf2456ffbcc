import type { ModelConfig } from '../core/modelConfig';
import type { AttentionShape } from '../kernels/attentionShape';
import type { Dispatch } from '../kernels/dispatch';
import type { Pace } from '../kernels/pace';
import { Program } from '../kernels/program';
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

export interface ProgramOptions {
  /** How long a call and a submit may take; default any time. */
  pace?: Pace;
  /** Keys and values of each layer, for generation. Without it they live only as long as the layer needs them. */
  cache?: readonly Tensor[];
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
    readonly options: ProgramOptions = {},
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

  /** A tensor of the forward pass, stored as the model's precision asks. Gradients, sums and losses are always float32. */
  activation(name: string, shape: number[], purpose: Purpose = 'working set'): Tensor {
    return createTensor(name, shape, purpose, { half: this.model.half });
  }

  /** The finished list of dispatches as a program. */
  program(kind: string, outputs: readonly Tensor[] = []): Program {
    const { rows, length } = this.shape;
    const taken = this.count === length ? '' : `, ${this.count} at a time`;
    return new Program(`${kind}[${rows}x${length}${taken}]`, this.dispatches, outputs, this.options.pace);
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
