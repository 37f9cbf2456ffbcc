/**
 * Exact attention statistics of chosen queries, from q, k and the forward pass's log-sum-exp: what the probes plot. Memory is O(Q), never
 * T × T. Shapes as in `attention.ts`; Q chosen queries.
 */
import { type AttentionShape, checkQkv } from './attentionShape';
import { type Dispatch, linearWorkgroups, scalarTypes } from './dispatch';
import { BYTES_PER_ELEMENT, elementCount, expectShape, type Tensor } from './tensor';

/** Sums before the histogram, in the order that the kernel writes them. Entropy is in nats, distances in tokens. */
export const STATISTICS = ['distance', 'firstTokenMoment', 'firstTokenMass', 'entropy'] as const;

/** Bins [0] [1] [2-3] [4-7] … that cover all distances within a row: 12 at 2,048 tokens, 18 at 131,072. */
export function distanceBins(length: number): number {
  return 33 - Math.clz32(length - 1);
}

/** Numbers per head: the sums of `STATISTICS`, then the histogram. */
export function statisticsWidth(length: number): number {
  return STATISTICS.length + distanceBins(length);
}

interface ProbeOperands {
  /** (M, N+2K, H), rotary applied. */
  qkv: Tensor;
  /** (M, N, 2): log-sum-exp first. */
  softmax: Tensor;
  /** (M, 2) u32. */
  docBounds: Tensor;
  /** (Q) u32: token indices b·T + t. */
  queryRows: Tensor;
  shape: AttentionShape;
  scale: number;
}

/** Statistics of every chosen query and head into `statistics` (Q, N, statisticsWidth(T)). */
export function attentionStatistics(operands: ProbeOperands & { statistics: Tensor }): Dispatch {
  const { statistics, shape } = operands;
  const { length, queryHeads } = shape;
  const queries = operands.queryRows.shape[0];
  const dispatch = describeProbe('attention_statistics', operands);
  expectShape('attention_statistics', 'statistics', statistics, [queries, queryHeads, statisticsWidth(length)]);
  return {
    ...dispatch,
    tensors: { ...dispatch.tensors, statistics },
    params: { ...dispatch.params, bins: distanceBins(length) },
    workgroups: linearWorkgroups(queries * queryHeads),
    bytes: dispatch.bytes + BYTES_PER_ELEMENT * elementCount(statistics.shape),
  };
}

/** Sums `statistics` (Q, N, F) over the queries into `sums` (N, F), in a fixed order. */
export function attentionStatisticsReduce({ statistics, sums }: { statistics: Tensor; sums: Tensor }): Dispatch {
  const [queries, heads, fields] = statistics.shape;
  expectShape('attention_statistics_reduce', 'sums', sums, [heads, fields]);
  return {
    label: `attention_statistics_reduce.probe[${queries}x${heads}x${fields}]`,
    shader: 'attention_statistics_reduce',
    constants: {},
    tensors: { statistics, sums },
    params: { queries, columns: heads * fields },
    workgroups: linearWorkgroups(heads * fields),
    flops: queries * heads * fields,
    bytes: BYTES_PER_ELEMENT * (queries + 1) * heads * fields,
  };
}

/** Mass at every distance, summed over the chosen queries, into `profile` (N, T). */
export function attentionDistanceProfile(operands: ProbeOperands & { profile: Tensor }): Dispatch {
  const { profile, shape } = operands;
  const { length, queryHeads } = shape;
  const dispatch = describeProbe('attention_distance_profile', operands);
  expectShape('attention_distance_profile', 'profile', profile, [queryHeads, length]);
  return {
    ...dispatch,
    tensors: { ...dispatch.tensors, profile },
    workgroups: linearWorkgroups(queryHeads * Math.ceil(length / 4)),
    bytes: dispatch.bytes + BYTES_PER_ELEMENT * elementCount(profile.shape),
  };
}

/** What the two probe kernels share. FLOPs: a dot product per head and key, with half a row of keys for a query on average. */
function describeProbe(shader: string, { qkv, softmax, docBounds, queryRows, shape, scale }: ProbeOperands) {
  const { batch, length, queryHeads, keyValueHeads, headDim } = shape;
  const queries = queryRows.shape[0];
  checkQkv(shader, shape, qkv, docBounds);
  expectShape(shader, 'softmax', softmax, [batch * length, queryHeads, 2]);
  expectShape(shader, 'queryRows', queryRows, [queries]);
  const keyElements = (elementCount(qkv.shape) * (queryHeads + keyValueHeads)) / (queryHeads + 2 * keyValueHeads);
  return {
    label: `${shader}.probe[${queries}x${length}x${queryHeads}/${keyValueHeads}x${headDim}]`,
    shader,
    constants: { HEAD_DIM: headDim, ...scalarTypes({ qkv }) },
    tensors: { qkv, softmax, doc_bounds: docBounds, query_rows: queryRows },
    params: { length, query_heads: queryHeads, key_value_heads: keyValueHeads, queries, scale },
    flops: headDim * queryHeads * queries * length,
    bytes: BYTES_PER_ELEMENT * (keyElements + elementCount(softmax.shape) + queries),
  };
}
