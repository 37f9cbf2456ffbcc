import { ShapeError } from '../core/errors';
import { type ModelConfig, parameterShapes } from '../core/modelConfig';

/**
 * Where every weight lies in the flat parameter buffer. Kernels want widths that are multiples of 4 and heads whose halves are, so each
 * axis is padded with zeros and the mapping lives here, at the edge; a padded column meets only zeros, so its gradient is zero and it
 * stays zero. Weights that one kernel reads together (q, k and v; gate and up) are stacked in one block.
 */
export interface ParameterBlock {
  /** First element in the flat buffer; a multiple of BLOCK_ALIGNMENT. */
  offset: number;
  /** Padded [rows, columns], or [width] for a norm. */
  shape: number[];
}

/** One Hugging Face tensor's place inside a block. */
interface Member {
  name: string;
  block: ParameterBlock;
  /** First padded row inside the block. */
  firstRow: number;
  /** Padded index of each true row and column. */
  rows: Uint32Array;
  columns: Uint32Array;
}

export interface LayerBlocks {
  qkv: ParameterBlock;
  o: ParameterBlock;
  gateUp: ParameterBlock;
  down: ParameterBlock;
  inputNorm: ParameterBlock;
  postAttentionNorm: ParameterBlock;
}

/** Padded sizes, as the kernels see the model. */
export interface PaddedSizes {
  hidden: number;
  intermediate: number;
  headDim: number;
  vocabulary: number;
}

/** Elements; 256 bytes is WebGPU's alignment for a binding's offset, and weights may be kept in two bytes each. */
const BLOCK_ALIGNMENT = 128;

const upTo = (multiple: number, size: number) => Math.ceil(size / multiple) * multiple;

export function paddedSizes(config: ModelConfig): PaddedSizes {
  return {
    hidden: upTo(4, config.hiddenSize),
    intermediate: upTo(4, config.intermediateSize),
    headDim: 2 * upTo(4, config.headDim / 2),
    vocabulary: upTo(4, config.vocabSize),
  };
}

export class ParameterLayout {
  readonly padded: PaddedSizes;
  readonly embedding: ParameterBlock;
  /** The embedding itself where the head is tied. */
  readonly head: ParameterBlock;
  readonly finalNorm: ParameterBlock;
  readonly layers: LayerBlocks[];
  /** Elements of the flat buffer. */
  readonly size: number;
  /** Elements at its front that hold matrices and therefore decay; norms follow. */
  readonly decayed: number;

  private readonly members: Member[] = [];
  private next = 0;

  constructor(readonly config: ModelConfig) {
    this.padded = paddedSizes(config);
    const { hidden, intermediate, headDim, vocabulary } = this.padded;
    const axes = {
      hidden: identity(config.hiddenSize),
      intermediate: identity(config.intermediateSize),
      vocabulary: identity(config.vocabSize),
      queries: splitHalves(config.numAttentionHeads, config.headDim, headDim),
      keys: splitHalves(config.numKeyValueHeads, config.headDim, headDim),
    };
    const queryRows = config.numAttentionHeads * headDim;
    const keyRows = config.numKeyValueHeads * headDim;

    this.embedding = this.block([vocabulary, hidden]);
    this.place('model.embed_tokens.weight', this.embedding, 0, axes.vocabulary, axes.hidden);
    this.head = this.embedding;
    if (!config.tieWordEmbeddings) {
      this.head = this.block([vocabulary, hidden]);
      this.place('lm_head.weight', this.head, 0, axes.vocabulary, axes.hidden);
    }
    const matrices = Array.from({ length: config.numHiddenLayers }, (_, i) => {
      const name = (part: string) => `model.layers.${i}.${part}.weight`;
      const qkv = this.block([queryRows + 2 * keyRows, hidden]);
      this.place(name('self_attn.q_proj'), qkv, 0, axes.queries, axes.hidden);
      this.place(name('self_attn.k_proj'), qkv, queryRows, axes.keys, axes.hidden);
      this.place(name('self_attn.v_proj'), qkv, queryRows + keyRows, axes.keys, axes.hidden);
      const o = this.block([hidden, queryRows]);
      this.place(name('self_attn.o_proj'), o, 0, axes.hidden, axes.queries);
      const gateUp = this.block([2 * intermediate, hidden]);
      this.place(name('mlp.gate_proj'), gateUp, 0, axes.intermediate, axes.hidden);
      this.place(name('mlp.up_proj'), gateUp, intermediate, axes.intermediate, axes.hidden);
      const down = this.block([hidden, intermediate]);
      this.place(name('mlp.down_proj'), down, 0, axes.hidden, axes.intermediate);
      return { qkv, o, gateUp, down };
    });
    this.decayed = this.next;
    const norm = (name: string) => {
      const block = this.block([hidden]);
      this.place(`${name}.weight`, block, 0, identity(1), axes.hidden);
      return block;
    };
    this.layers = matrices.map((layer, i) => ({
      ...layer,
      inputNorm: norm(`model.layers.${i}.input_layernorm`),
      postAttentionNorm: norm(`model.layers.${i}.post_attention_layernorm`),
    }));
    this.finalNorm = norm('model.norm');
    this.size = this.next;
  }

  /** Hugging Face tensors to one flat buffer; every tensor must be there with its exact size. */
  pack(weights: ReadonlyMap<string, Float32Array>): Float32Array<ArrayBuffer> {
    const flat = new Float32Array(this.size);
    for (const member of this.members) {
      const tensor = weights.get(member.name);
      const count = member.rows.length * member.columns.length;
      if (tensor?.length !== count)
        throw new ShapeError(
          'load weights',
          `${member.name} with ${count} values`,
          tensor?.length ?? 'no such tensor',
          'use the checkpoint that belongs to this config',
        );
      forEachElement(member, (at, i) => {
        flat[at] = tensor[i];
      });
    }
    return flat;
  }

  /** The flat buffer back to Hugging Face tensors, in Hugging Face order. */
  unpack(flat: Float32Array): Map<string, Float32Array<ArrayBuffer>> {
    const byName = new Map(this.members.map((member) => [member.name, member]));
    return new Map(
      parameterShapes(this.config).map(({ name }) => {
        const member = byName.get(name)!;
        const tensor = new Float32Array(member.rows.length * member.columns.length);
        forEachElement(member, (at, i) => {
          tensor[i] = flat[at];
        });
        return [name, tensor];
      }),
    );
  }

  private block(shape: number[]): ParameterBlock {
    const block = { offset: this.next, shape };
    this.next += upTo(
      BLOCK_ALIGNMENT,
      shape.reduce((a, b) => a * b, 1),
    );
    return block;
  }

  private place(name: string, block: ParameterBlock, firstRow: number, rows: Uint32Array, columns: Uint32Array): void {
    this.members.push({ name, block, firstRow, rows, columns });
  }
}

function forEachElement({ block, firstRow, rows, columns }: Member, visit: (at: number, i: number) => void): void {
  const stride = block.shape[block.shape.length - 1];
  let i = 0;
  for (const row of rows) for (const column of columns) visit(block.offset + (firstRow + row) * stride + column, i++);
}

function identity(size: number): Uint32Array {
  return Uint32Array.from({ length: size }, (_, i) => i);
}

/** Head dimension i stays in its half: the first half at the front of the padded head, the second at its middle, so pairs stay pairs. */
function splitHalves(heads: number, headDim: number, padded: number): Uint32Array {
  const half = headDim / 2;
  return Uint32Array.from({ length: heads * headDim }, (_, index) => {
    const head = Math.floor(index / headDim);
    const i = index % headDim;
    return head * padded + (i < half ? i : padded / 2 + i - half);
  });
}
