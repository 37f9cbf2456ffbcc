import type { Batch } from '../core/batch';
import { InputError } from '../core/errors';
import type { AttentionRecord } from '../core/records';
import {
  attentionStatistics,
  attentionStatisticsReduce,
  distanceBins,
  STATISTICS,
  statisticsWidth,
} from '../kernels/attentionStatistics';
import type { Program } from '../kernels/program';
import { createTensor, type Tensor } from '../kernels/tensor';
import type { ProgramContext } from '../model/context';
import type { Engine } from '../model/engine';
import { attentionProgram } from '../model/programs';
import { uploadBatch } from '../model/upload';

export type AttentionSummary = Omit<AttentionRecord, 'type' | 'step' | 'tokens' | 'flops' | 'seconds'>;

/**
 * Exact attention statistics over chosen query rows of a fixed batch: the layers run once and, after each attention, a kernel walks the
 * chosen rows' keys again with the stored log-sum-exp. Nothing of size T × T exists. `reference/attentionStatistics` defines the quantities.
 */
export class AttentionProbe {
  readonly program: Program;
  readonly rows: number;
  readonly length: number;
  private readonly queryRows: Tensor;
  private readonly sums: Tensor[] = [];

  /** @param queries query rows looked at, at most all of them. */
  constructor(
    private readonly context: ProgramContext,
    readonly queries: number,
  ) {
    ({ rows: this.rows, length: this.length } = context.shape);
    if (queries < 1 || queries > context.m)
      throw new InputError('attention probe', `from 1 to ${context.m} query rows`, queries, 'change probes.attention_queries');
    this.queryRows = createTensor('query_rows', [queries], 'inputs', { persistent: true });
    const { queryHeads } = context.attention;
    const width = statisticsWidth(this.length);
    this.program = attentionProgram(context, ({ qkv, softmax }) => {
      const statistics = context.tensor('attention_statistics', [queries, queryHeads, width]);
      const sums = context.tensor('attention_sums', [queryHeads, width]);
      const { attention: shape, scale } = context;
      const { docBounds } = context.inputs;
      context.add(
        attentionStatistics({ qkv, softmax, docBounds, queryRows: this.queryRows, statistics, shape, scale }),
        attentionStatisticsReduce({ statistics, sums }),
      );
      this.sums.push(sums);
      return [sums];
    });
  }

  /** Statistics over `queryRows` (token indices into the batch; default evenly spaced ones with at least half a row of context). */
  async run(engine: Engine, batch: Batch, queryRows = probeQueries(batch, this.queries)): Promise<AttentionSummary> {
    uploadBatch(engine, this.context.model, batch, 1);
    engine.write(this.queryRows, queryRows);
    engine.run(this.program);
    const sums = await engine.read(this.sums, this.program);
    return summarise(sums, batch, queryRows, this.context.attention.queryHeads);
  }
}

/** Evenly spaced queries among those with i − doc_start ≥ T/2, or among those with the most context where no document is that long. */
export function probeQueries({ docStart, length }: Batch, queries: number): Uint32Array<ArrayBuffer> {
  const context = (at: number) => (at % length) - docStart[at];
  const all = Array.from(docStart.keys());
  const far = all.filter((at) => context(at) >= length / 2);
  const pool =
    far.length >= queries
      ? far
      : all
          .sort((a, b) => context(b) - context(a))
          .slice(0, queries)
          .sort((a, b) => a - b);
  return Uint32Array.from({ length: queries }, (_, i) => pool[Math.floor(((i + 0.5) * pool.length) / queries)]);
}

/** Per layer and head means from sums over queries, with what an evenly attending head would give. */
function summarise(sums: readonly Float32Array[], batch: Batch, queryRows: Uint32Array, heads: number): AttentionSummary {
  const { length } = batch;
  const bins = distanceBins(length);
  const width = statisticsWidth(length);
  const queries = queryRows.length;
  const summary: AttentionSummary = {
    length,
    layers: sums.length,
    heads,
    queries,
    bins,
    histogram: [],
    meanDistance: [],
    meanDistanceWithoutFirst: [],
    retainedMass: [],
    entropy: [],
    firstTokenMass: [],
    uniform: uniformReference(batch, queryRows, bins),
  };
  for (const layer of sums)
    for (let head = 0; head < heads; head++) {
      const fields = layer.subarray(head * width, (head + 1) * width);
      const field = (name: (typeof STATISTICS)[number]) => fields[STATISTICS.indexOf(name)];
      const retained = queries - field('firstTokenMass');
      summary.histogram.push(...Array.from(fields.subarray(STATISTICS.length), (mass) => mass / queries));
      summary.meanDistance.push(field('distance') / queries);
      // A ratio of sums, never a ratio per query: where a head rests on the first token alone, the latter explodes.
      summary.meanDistanceWithoutFirst.push((field('distance') - field('firstTokenMoment')) / retained);
      summary.retainedMass.push(retained / queries);
      summary.entropy.push(field('entropy') / queries);
      summary.firstTokenMass.push(field('firstTokenMass') / queries);
    }
  return summary;
}

/** The same statistics for weights 1 / (i − doc_start + 1). */
function uniformReference({ docStart, length }: Batch, queryRows: Uint32Array, bins: number): AttentionSummary['uniform'] {
  const histogram = new Array<number>(bins).fill(0);
  let distance = 0;
  let moment = 0;
  let entropy = 0;
  let first = 0;
  for (const at of queryRows) {
    const span = (at % length) - docStart[at];
    const keys = span + 1;
    distance += span / 2;
    moment += span / keys;
    entropy += Math.log(keys);
    first += 1 / keys;
    for (let bin = 0; bin < bins; bin++) {
      const begin = bin === 0 ? 0 : 2 ** (bin - 1);
      histogram[bin] += Math.max(0, Math.min(2 ** bin, keys) - begin) / keys;
    }
  }
  const queries = queryRows.length;
  return {
    meanDistance: distance / queries,
    meanDistanceWithoutFirst: (distance - moment) / (queries - first),
    entropy: entropy / queries,
    firstTokenMass: first / queries,
    histogram: histogram.map((mass) => mass / queries),
  };
}
