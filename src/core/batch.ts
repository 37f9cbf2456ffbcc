/**
 * One micro-batch of token rows, as `data` makes it and the model's plan uploads it. All arrays are (rows, length), row-major.
 * Targets are explicit, so a row of T inputs carries T targets and the model never shifts anything.
 */
export interface Batch {
  rows: number;
  length: number;
  ids: Uint32Array<ArrayBuffer>;
  /** Token that follows each position; where there is none (end of row, another document) its weight is 0. */
  targets: Uint32Array<ArrayBuffer>;
  /** Weight of each target in the loss, 0 or more. The loss is divided by their sum over the whole step. */
  targetWeights: Float32Array<ArrayBuffer>;
  /** Position **within the row** of the first token of the document that each token belongs to; never decreases along a row. */
  docStart: Uint32Array<ArrayBuffer>;
}

export function targetWeightSum(batches: readonly Batch[]): number {
  let sum = 0;
  for (const { targetWeights } of batches) for (const weight of targetWeights) sum += weight;
  return sum;
}

/** A batch of rows cut from one: next-token targets, weight 1 inside each document and 0 across its end. */
export function batchFromIds(rowsOfIds: readonly (readonly number[])[], documents?: readonly (readonly number[])[]): Batch {
  const rows = rowsOfIds.length;
  const length = rowsOfIds[0].length;
  const size = rows * length;
  const batch: Batch = {
    rows,
    length,
    ids: new Uint32Array(size),
    targets: new Uint32Array(size),
    targetWeights: new Float32Array(size),
    docStart: new Uint32Array(size),
  };
  for (let row = 0; row < rows; row++) {
    let start = 0;
    for (let i = 0; i < length; i++) {
      const at = row * length + i;
      const document = documents?.[row];
      if (document && i > 0 && document[i] !== document[i - 1]) start = i;
      batch.ids[at] = rowsOfIds[row][i];
      batch.docStart[at] = start;
      if (i + 1 < length) {
        batch.targets[at] = rowsOfIds[row][i + 1];
        batch.targetWeights[at] = !document || document[i + 1] === document[i] ? 1 : 0;
      }
    }
  }
  return batch;
}
