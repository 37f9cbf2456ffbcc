/** The part of webgpu-llm that is used here: the declarations it ships name methods that it does not have. */
declare module 'webgpu-llm/llm' {
  export class LLMEngine {
    readonly device: GPUDevice;
    /** Rejects where the adapter lacks float16, timestamps or subgroups of exactly 32. */
    init(): Promise<this>;
    write(buffer: GPUBuffer, values: ArrayBufferView, byteOffset?: number): void;
  }

  export interface WeightRange {
    buffer: GPUBuffer;
    /** Bytes. */
    offset: number;
  }

  export type LayerWeights = Record<
    'attn_norm_w' | 'wq' | 'wk' | 'wv' | 'wo' | 'ffn_norm_w' | 'w_gate' | 'w_up' | 'w_down',
    WeightRange
  >;

  export class Model {
    constructor(engine: LLMEngine, config: Record<string, number | string>);
    readonly weights: { tok_emb: WeightRange; final_norm_w: WeightRange; layers: LayerWeights[] };
    allocate(seed?: number): void;
    allocActivations(): void;
    allocBackward(): void;
    /** Targets at or above the vocabulary's size are left out. */
    forwardLoss(tokens: Uint32Array, targets: Uint32Array): Promise<number>;
    backward(tokens: Uint32Array): Promise<void>;
    step(settings: Record<string, number>): Promise<void>;
  }
}
