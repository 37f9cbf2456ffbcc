import type { AdapterFacts } from '../gpu/device';
import { toHalf } from '../kernels/half';
import { matmulNt } from '../kernels/matmul';
import { oneRowVariants } from '../kernels/matmulVariants';
import { Program } from '../kernels/program';
import { createTensor, type Tensor, tensorBytes } from '../kernels/tensor';
import type { VariantSet } from '../kernels/variants';
import { ProgramContext } from './context';
import { type MemoryPlan, planMemory } from './engine';
import { encodeLayers, encodeNorm } from './forward';
import { RotaryTableSet } from './rotary';
import { ModelTensors } from './tensors';

/** Tokens that prefill takes at a time: enough rows to fill a matmul's tile, few enough that the working set stays small. */
const CHUNK_TOKENS = 256;

/** The layers as a program over a few tokens, at a position that its parameters give. */
export interface LayersProgram {
  program: Program;
  /** Most tokens of one replay. */
  width: number;
  /** (width, D) residual stream after the last layer. */
  x: Tensor;
}

export interface GenerationPlanOptions {
  /** Whose weights are used. */
  model: ModelTensors;
  /** Of the adapter, for sets that say nothing of products of one row. */
  facts: AdapterFacts;
  variants: VariantSet;
  /** Room of the context in tokens, prompt and continuation together. */
  length: number;
}

/**
 * Generation as static programs, before any buffer exists: the layers over a chunk of a prompt, the layers over one token, and the head
 * over one row. Keys and values of every position stay in a cache, (length, 2K, H) per layer.
 */
export class GenerationPlan {
  /** The parent's weights, with ids and document bounds of its own. */
  readonly model: ModelTensors;
  readonly rotary: RotaryTableSet;
  readonly chunk: LayersProgram;
  readonly token: LayersProgram;
  readonly head: Program;
  /** Renews the float16 copy of the weights, where there is one. */
  readonly weights: Program | undefined;
  /** (1, D) the row that the head reads. */
  readonly last: Tensor;
  /** (1, V) padded. */
  readonly logits: Tensor;

  constructor({ model, facts, variants, length }: GenerationPlanOptions) {
    this.model = new ModelTensors(model.config, length, { half: model.half, weightsOf: model });
    // Encodings that depend on the length see the whole room: a table that changed as the text grew would outdate the cached keys.
    this.rotary = new RotaryTableSet(model.config, [length]);
    const { layout, layers } = this.model;
    const { numKeyValueHeads, vocabSize } = model.config;
    const cache = layers.map((_, layer) =>
      createTensor(`kv_cache.${layer}`, [length, 2 * numKeyValueHeads, layout.padded.headDim], 'kv cache', {
        persistent: true,
        half: model.half,
      }),
    );
    const context = (count: number, set: VariantSet) =>
      new ProgramContext(this.model, this.rotary, set, { rows: 1, length, count }, { cache });
    const oneRow = oneRowVariants(facts, variants);
    this.chunk = layersProgram(context(Math.min(CHUNK_TOKENS, length), variants));
    this.token = layersProgram(context(1, oneRow));
    const head = context(1, oneRow);
    // A row of its own: a binding may only begin at a multiple of 256 bytes, and the prompt's last row lies where its length says.
    this.last = createTensor('last_row', [1, head.hidden], 'working set', { persistent: true, half: model.half });
    this.logits = createTensor('logits', [1, layout.padded.vocabulary], 'loss chunk', { persistent: true });
    const h = encodeNorm(head, 'final_norm', this.model.finalNorm, this.last);
    head.add(matmulNt({ role: 'lm_head', a: h, b: this.model.head.weight, c: this.logits }, head.variants));
    this.head = new Program(`head[${vocabSize}]`, head.dispatches);
    const { halfWeights, optimizer } = this.model;
    this.weights =
      halfWeights && new Program('half weights', [toHalf({ role: 'weights', x: optimizer.weights, y: halfWeights })]);
  }

  get programs(): Program[] {
    return [this.chunk.program, this.token.program, this.head, ...(this.weights ? [this.weights] : [])];
  }

  /** Bytes that a read of the logits takes. */
  get stagingBytes(): number {
    return tensorBytes(this.logits);
  }

  /** Bytes beside those of the engine that runs `parentPrograms` and lends its weights. */
  memory(parentPrograms: readonly Program[]): MemoryPlan {
    return planMemory(this.programs, this.stagingBytes, parentPrograms);
  }
}

function layersProgram(context: ProgramContext): LayersProgram {
  const { x } = encodeLayers(context);
  return { program: context.program('generate', [x]), width: context.count, x };
}
