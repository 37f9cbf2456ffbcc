import type { Batch } from '../core/batch';
import type { RetrievalRecord, ValidationRecord } from '../core/records';
import type { TokenDocument } from '../data/corpus';
import { type KneserNeyLosses, kneserNeyLosses } from '../data/kneserNey';
import type { AnswerProbe } from '../data/synthetic/answerProbe';
import type { Engine } from '../model/engine';
import { type Evaluation, lossByPosition, meanLoss, type TokenLosses } from '../probes/evaluation';
import { retrievalPoints } from '../probes/retrieval';
import type { Dataset } from './dataset';

/** Held-out windows of one source. */
export interface SourceWindows {
  source: string;
  batch: Batch;
}

/** What the weights in the engine make of held-out windows: each source counts the same, whatever its size. */
export async function measureValidation(
  engine: Engine,
  evaluation: Evaluation,
  windows: readonly SourceWindows[],
  tokenBytes: Uint8Array,
): Promise<Pick<ValidationRecord, 'length' | 'loss' | 'bitsPerByte' | 'sources' | 'byPosition'>> {
  return summariseWindows(await readWindows(engine, evaluation, windows), tokenBytes);
}

/** Held-out windows with the loss of every token. */
export type ReadWindows = SourceWindows & { losses: TokenLosses };

export async function readWindows(
  engine: Engine,
  evaluation: Evaluation,
  windows: readonly SourceWindows[],
): Promise<ReadWindows[]> {
  const results: ReadWindows[] = [];
  for (const { source, batch } of windows) results.push({ source, batch, losses: await evaluation.run(engine, batch) });
  return results;
}

/** Means by source and by position. */
export function summariseWindows(
  results: readonly ReadWindows[],
  tokenBytes: Uint8Array,
): Pick<ValidationRecord, 'length' | 'loss' | 'bitsPerByte' | 'sources' | 'byPosition'> {
  const sources = results.map(({ source, batch, losses }) => ({ source, ...meanLoss(batch, losses, tokenBytes) }));
  const mean = (value: (source: (typeof sources)[number]) => number) =>
    sources.reduce((sum, source) => sum + value(source), 0) / sources.length;
  return {
    length: results[0].batch.length,
    loss: mean(({ loss }) => loss),
    bitsPerByte: mean(({ bitsPerByte }) => bitsPerByte),
    sources,
    byPosition: lossByPosition(results),
  };
}

/** Answers to one task's questions, with and without what tells them. */
export async function measureRetrieval(
  engine: Engine,
  evaluation: Evaluation,
  probe: AnswerProbe,
): Promise<Pick<RetrievalRecord, 'length' | 'points'>> {
  const told = await evaluation.run(engine, probe.batch);
  const control = await evaluation.run(engine, probe.control);
  return { length: evaluation.length, points: retrievalPoints(probe, told, control) };
}

/** Losses, in nats per token, of tables counted on the source's own training text, over exactly the targets of the windows. */
export function tableBaseline({ corpus, tokenizer }: Dataset, { source, batch }: SourceWindows): KneserNeyLosses {
  const { train } = corpus.sources.find(({ name }) => name === source)!;
  const { vocabSize, bosId } = tokenizer;
  return kneserNeyLosses({ train, validation: targetsByDocument(batch), vocabSize, bosId });
}

/** The counted targets of every document in the rows, without the BOS each opens with. */
function targetsByDocument({ rows, length, docStart, targets, targetWeights }: Batch): TokenDocument[] {
  const documents: TokenDocument[] = [];
  for (let row = 0; row < rows; row++)
    for (let start = 0, end = 0; start < length; start = end) {
      for (end = start; end < length && docStart[row * length + end] === start; ) end++;
      const at = (i: number) => row * length + start + i;
      const counted = Array.from({ length: end - start }, (_, i) => at(i)).filter((i) => targetWeights[i] > 0);
      documents.push({ title: `${row}:${start}`, ids: Uint32Array.from(counted, (i) => targets[i]) });
    }
  return documents;
}
