import { InputError } from '../core/errors';
import type { ModelConfig } from '../core/modelConfig';
import { type RopeParameters, type RotaryTable, rotaryTables } from '../core/positionEncoding';
import { createTensor, type Tensor } from '../kernels/tensor';
import { paddedSizes } from './layout';

/** Query and key tables of one layer, (T, H/2, 2) = (cos, sin). */
export interface RotaryTensors {
  q: Tensor;
  k: Tensor;
}

interface Table {
  tensor: Tensor;
  values: Float32Array<ArrayBuffer>;
}

/**
 * The rotary tables of every length a run uses, computed in float64 on the CPU because WGSL's own sine is only good to 2^-11. Equal tables
 * are kept once: queries and keys (all encodings but xPos), layers (all but those of `nope_layers`), and lengths whose table is the
 * beginning of a longer one (all encodings but those that depend on the length, and xPos, which is centred on it).
 */
export class RotaryTableSet {
  private readonly tables: Table[] = [];
  private readonly byLength = new Map<number, RotaryTensors[]>();

  constructor(
    private readonly config: ModelConfig,
    private readonly lengths: readonly number[],
  ) {
    for (const length of [...new Set(lengths)].sort((a, b) => b - a)) this.byLength.set(length, this.build(length));
  }

  /** Tables for rows of `length` tokens; it must be one of the lengths given at construction. */
  layer(length: number, index: number): RotaryTensors {
    return this.byLength.get(length)![index];
  }

  /** What to upload before the first step. */
  contents(): readonly Table[] {
    return this.tables;
  }

  /**
   * What the same tensors hold under another encoding, so that weights can be read under it without new programs.
   * @throws InputError where it needs tables apart that this one shares, as xPos does for queries and keys.
   */
  under(ropeParameters: RopeParameters): Table[] {
    const other = new RotaryTableSet({ ...this.config, ropeParameters }, this.lengths);
    const values = new Map<Tensor['storage'], Float32Array<ArrayBuffer>>();
    for (const [length, layers] of this.byLength)
      layers.forEach((mine, layer) => {
        for (const role of ['q', 'k'] as const) {
          const wanted = other.valuesOf(other.layer(length, layer)[role]);
          const { storage } = mine[role];
          const held = values.get(storage);
          // Longest lengths come first; a shorter one must be their beginning here as there.
          if (held && !startsWith(held, wanted.subarray(0, mine[role].shape[0] * mine[role].shape[1] * 2)))
            throw new InputError(
              'other encoding',
              `one whose tables are shared as those of ${this.config.ropeParameters.rope_type} are`,
              ropeParameters.rope_type,
              'change its numbers, not its kind; or make a run of it',
            );
          if (!held) values.set(storage, wanted);
        }
      });
    return this.tables.map(({ tensor }) => {
      const size = tensor.shape.reduce((a, b) => a * b, 1);
      return { tensor, values: values.get(tensor.storage)!.slice(0, size) };
    });
  }

  private valuesOf({ storage }: Tensor): Float32Array<ArrayBuffer> {
    return this.tables.find(({ tensor }) => tensor.storage === storage)!.values;
  }

  private build(length: number): RotaryTensors[] {
    const { ropeParameters, headDim, numHiddenLayers } = this.config;
    const unturned = new Set(ropeParameters.nope_layers);
    const built = new Map<boolean, RotaryTensors>();
    return Array.from({ length: numHiddenLayers }, (_, layer) => {
      const known = built.get(unturned.has(layer));
      if (known) return known;
      const { query, key } = rotaryTables(ropeParameters, headDim, length, layer);
      const q = this.keep(query, length);
      const tensors = { q, k: key === query ? q : this.keep(key, length) };
      built.set(unturned.has(layer), tensors);
      return tensors;
    });
  }

  private keep(table: RotaryTable, length: number): Tensor {
    const half = this.config.headDim / 2;
    const paddedHalf = paddedSizes(this.config).headDim / 2;
    const values = new Float32Array(length * paddedHalf * 2);
    for (let t = 0; t < length; t++)
      for (let j = 0; j < paddedHalf; j++) {
        values[(t * paddedHalf + j) * 2] = j < half ? table.cos[t * half + j] : 1;
        values[(t * paddedHalf + j) * 2 + 1] = j < half ? table.sin[t * half + j] : 0;
      }
    const same = this.tables.find((other) => startsWith(other.values, values));
    if (same) return { ...same.tensor, shape: [length, paddedHalf, 2] };
    const tensor = createTensor(`rotary[${length}]#${this.tables.length}`, [length, paddedHalf, 2], 'tables', {
      persistent: true,
    });
    this.tables.push({ tensor, values });
    return tensor;
  }
}

function startsWith(longer: Float32Array, prefix: Float32Array): boolean {
  return longer.length >= prefix.length && prefix.every((value, i) => longer[i] === value);
}
