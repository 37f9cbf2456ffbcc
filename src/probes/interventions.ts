import type { Batch } from '../core/batch';
import type { Intervention } from '../core/intervention';
import type { ModelConfig } from '../core/modelConfig';
import type { AnswerProbe } from '../data/synthetic/answerProbe';
import type { NamedWeights } from '../model/weights';

/** Those that change weights and leave the text as it is. */
export type WeightIntervention = Exclude<Intervention, { kind: 'cut' }>;

/**
 * A copy of the weights in which one part adds nothing. A head is silenced in the columns of o_proj that read it, a layer in o_proj and
 * down_proj, a band in the rows of q_proj that make its pairs (j, j + head_dim/2): their products with any key are 0.
 */
export function silenced(config: ModelConfig, weights: NamedWeights, intervention: WeightIntervention): NamedWeights {
  const { headDim, numAttentionHeads, numHiddenLayers } = config;
  const width = numAttentionHeads * headDim;
  const copy = new Map(weights);
  const edit = (name: string, change: (values: Float32Array) => void) => {
    const values = weights.get(name)!.slice();
    change(values);
    copy.set(name, values);
  };
  switch (intervention.kind) {
    case 'head':
      edit(`model.layers.${intervention.layer}.self_attn.o_proj.weight`, (values) => {
        for (let row = 0; row < values.length; row += width)
          values.fill(0, row + intervention.head * headDim, row + (intervention.head + 1) * headDim);
      });
      break;
    case 'layer':
      for (const part of ['self_attn.o_proj', 'mlp.down_proj'])
        edit(`model.layers.${intervention.layer}.${part}.weight`, (values) => values.fill(0));
      break;
    case 'band':
      for (let layer = 0; layer < numHiddenLayers; layer++)
        edit(`model.layers.${layer}.self_attn.q_proj.weight`, (values) => {
          const columns = values.length / width;
          for (let head = 0; head < numAttentionHeads; head++)
            for (const half of [0, headDim / 2]) {
              const first = head * headDim + half;
              values.fill(0, (first + intervention.from) * columns, (first + intervention.to) * columns);
            }
        });
      break;
  }
  return copy;
}

/**
 * Rows cut into blocks of `context` tokens that see nothing before them, each opening with BOS as every document does.
 * Only targets in the second half of a block count, in both: they keep between context/2 and `context` tokens.
 */
export function cutWindows(batch: Batch, context: number, bosId: number): { whole: Batch; cut: Batch } {
  const ids = batch.ids.slice();
  const docStart = batch.docStart.slice();
  const targetWeights = batch.targetWeights.slice();
  const { length } = batch;
  for (let i = 0; i < ids.length; i++) {
    const column = i % length;
    const block = column - (column % context);
    if (column - block < context / 2) targetWeights[i] = 0;
    if (block <= docStart[i]) continue;
    docStart[i] = block;
    if (column === block) ids[i] = bosId;
  }
  return { whole: { ...batch, targetWeights }, cut: { ...batch, ids, docStart, targetWeights } };
}

/** A probe whose answers see `context` tokens before them, the first of which becomes BOS, and nothing further back. */
export function cutAnswers(probe: AnswerProbe, context: number, bosId: number): AnswerProbe {
  const { batch, answers } = probe;
  const ids = batch.ids.slice();
  const docStart = batch.docStart.slice();
  for (const { row, start, end } of answers) {
    const first = row * batch.length;
    const cut = start - context;
    if (cut <= docStart[first + start]) continue;
    ids[first + cut] = bosId;
    docStart.fill(cut, first + cut, first + end);
  }
  return { ...probe, batch: { ...batch, ids, docStart } };
}
