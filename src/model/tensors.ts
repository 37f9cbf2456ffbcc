import type { ModelConfig } from '../core/modelConfig';
import { LOSS_PARTIALS } from '../kernels/loss';
import { METRIC_NAMES, type OptimizerTensors, SQUARE_PARTIALS } from '../kernels/optimizer';
import { createTensor, rowsOf, type Storage, type Tensor } from '../kernels/tensor';
import { type ParameterBlock, ParameterLayout } from './layout';

/** One parameter block as weights and as gradient. */
export interface Parameter {
  weight: Tensor;
  grad: Tensor;
}

export interface LayerParameters {
  qkv: Parameter;
  o: Parameter;
  gateUp: Parameter;
  down: Parameter;
  inputNorm: Parameter;
  postAttentionNorm: Parameter;
}

/** What the host uploads for one micro-batch of M tokens. */
export interface InputTensors {
  ids: Tensor;
  targets: Tensor;
  targetWeight: Tensor;
  /** (M, 2): first position of the token's document and one past its last, within the row. */
  docBounds: Tensor;
  tokenOrder: Tensor;
  tokenStart: Tensor;
}

export interface ModelTensorsOptions {
  /** Activations and the weights that kernels read are float16; master weights, gradients and moments stay float32. */
  half?: boolean;
  /** A model of the same config and precision whose weights are used, for programs that run beside its own with inputs of their own. */
  weightsOf?: ModelTensors;
}

/** Every tensor that outlives a program, before any buffer exists. */
export class ModelTensors {
  readonly half: boolean;
  /** Float16 copy of the matrices, the front of `optimizer.weights`; every program but generation begins by renewing it. */
  readonly halfWeights: Tensor | undefined;
  readonly layout: ParameterLayout;
  readonly embedding: Parameter;
  readonly head: Parameter;
  readonly finalNorm: Parameter;
  readonly layers: LayerParameters[];
  readonly optimizer: OptimizerTensors;
  private readonly inputStorage: InputTensors;

  /**
   * @param maxTokens tokens of the largest micro-batch any program takes.
   */
  constructor(
    readonly config: ModelConfig,
    readonly maxTokens: number,
    { half = false, weightsOf }: ModelTensorsOptions = {},
  ) {
    this.half = half;
    this.layout = new ParameterLayout(config);
    const { size, decayed } = this.layout;
    const persistent = (name: string, shape: number[], purpose: Storage['purpose']) =>
      createTensor(name, shape, purpose, { persistent: true });
    const weights = weightsOf?.optimizer.weights ?? persistent('weights', [size], 'weights');
    this.halfWeights =
      weightsOf?.halfWeights ??
      (half ? createTensor('half_weights', [decayed], 'weights', { persistent: true, half }) : undefined);
    const gradients = persistent('gradients', [size], 'gradients');
    this.optimizer = {
      weights,
      gradients,
      moment1: persistent('moment1', [size], 'optimizer'),
      moment2: persistent('moment2', [size], 'optimizer'),
      metrics: persistent('metrics', [METRIC_NAMES.length], 'optimizer'),
      lossPartials: persistent('loss_partials', [LOSS_PARTIALS], 'optimizer'),
      squarePartials: persistent('square_partials', [SQUARE_PARTIALS, 4], 'optimizer'),
      decayed,
    };
    // Kernels read matrices as float16 where the model is; norms are few and stay as they are.
    const parameter = ({ offset, shape }: ParameterBlock): Parameter => ({
      weight: { ...((offset < decayed && this.halfWeights) || weights), shape, offset },
      grad: { ...gradients, shape, offset },
    });
    this.embedding = parameter(this.layout.embedding);
    this.head = parameter(this.layout.head);
    this.finalNorm = parameter(this.layout.finalNorm);
    this.layers = this.layout.layers.map((blocks) => ({
      qkv: parameter(blocks.qkv),
      o: parameter(blocks.o),
      gateUp: parameter(blocks.gateUp),
      down: parameter(blocks.down),
      inputNorm: parameter(blocks.inputNorm),
      postAttentionNorm: parameter(blocks.postAttentionNorm),
    }));
    this.inputStorage = {
      ids: persistent('ids', [maxTokens], 'inputs'),
      targets: persistent('targets', [maxTokens], 'inputs'),
      targetWeight: persistent('target_weight', [maxTokens], 'inputs'),
      docBounds: persistent('doc_bounds', [maxTokens, 2], 'inputs'),
      tokenOrder: persistent('token_order', [maxTokens], 'inputs'),
      tokenStart: persistent('token_start', [config.vocabSize + 1], 'inputs'),
    };
  }

  /** The inputs of a micro-batch of `tokens` tokens: windows on the shared upload buffers. */
  inputs(tokens: number): InputTensors {
    const { ids, targets, targetWeight, docBounds, tokenOrder, tokenStart } = this.inputStorage;
    return {
      ids: rowsOf(ids, 0, tokens),
      targets: rowsOf(targets, 0, tokens),
      targetWeight: rowsOf(targetWeight, 0, tokens),
      docBounds: rowsOf(docBounds, 0, tokens),
      tokenOrder: rowsOf(tokenOrder, 0, tokens),
      tokenStart,
    };
  }
}
