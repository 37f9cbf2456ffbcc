import type { Batch } from '../core/batch';
import { sortTokens } from '../kernels/embedding';
import type { Engine } from './engine';
import type { ModelTensors } from './tensors';

/** Uploads a micro-batch; target weights are divided by the step's total here, so kernels and accumulation need not know it. */
export function uploadBatch(engine: Engine, model: ModelTensors, batch: Batch, totalWeight: number): void {
  const inputs = model.inputs(batch.rows * batch.length);
  engine.write(inputs.ids, batch.ids);
  engine.write(inputs.docBounds, documentBounds(batch));
  // Programs without a loss or without a backward pass have no buffers for the rest.
  if (engine.holds(inputs.targets)) engine.write(inputs.targets, batch.targets);
  if (engine.holds(inputs.targetWeight))
    engine.write(
      inputs.targetWeight,
      batch.targetWeights.map((weight) => weight / (totalWeight || 1)),
    );
  if (engine.holds(inputs.tokenOrder)) {
    const { order, start } = sortTokens(batch.ids, model.config.vocabSize);
    engine.write(inputs.tokenOrder, order);
    engine.write(inputs.tokenStart, start);
  }
}

/** (start, end) of each token's document within its row, from the starts alone: documents are contiguous. */
export function documentBounds({
  rows,
  length,
  docStart,
}: Pick<Batch, 'rows' | 'length' | 'docStart'>): Uint32Array<ArrayBuffer> {
  const bounds = new Uint32Array(rows * length * 2);
  for (let row = 0; row < rows; row++) {
    let end = length;
    for (let i = length - 1; i >= 0; i--) {
      const at = row * length + i;
      bounds[at * 2] = docStart[at];
      bounds[at * 2 + 1] = end;
      if (docStart[at] === i) end = i;
    }
  }
  return bounds;
}
