import type { RetrievalRecord, ValidationRecord } from '../../core/records';
import type { KneserNeyLosses } from '../../data/kneserNey';
import type { Gpu } from '../../gpu/device';
import { AttentionProbe, type AttentionSummary } from '../../probes/attention';
import { Evaluation } from '../../probes/evaluation';
import { measureRetrieval, measureValidation, type SourceWindows, tableBaseline } from '../heldOut';
import { type OpenCheckpoint, runCheckpoint } from './openCheckpoint';

/** Tokens that one replay takes where rows are short. */
const TOKENS_PER_REPLAY = 4096;

export interface CheckpointEvaluation extends Pick<ValidationRecord, 'length' | 'loss' | 'bitsPerByte' | 'byPosition'> {
  adapter: string;
  /** Windows per source, and rows of the retrieval probe. */
  rows: number;
  tokenizer: string;
  /** The model, and where asked for tables of pairs and single tokens over the same targets. */
  sources: (ValidationRecord['sources'][number] & { baselines?: KneserNeyLosses })[];
  retrieval: RetrievalRecord['points'];
}

/** Held-out loss by source and position, and keyed-fact retrieval. */
export async function evaluateCheckpoint(
  gpu: Gpu,
  checkpoint: OpenCheckpoint,
  { rows, baselines }: { rows: number; baselines: boolean },
): Promise<CheckpointEvaluation> {
  const { dataset, length } = checkpoint;
  const windows: SourceWindows[] = dataset.validationSources().map((source) => ({
    source,
    batch: dataset.validation(source, rows, length),
  }));
  const retrievalProbe = dataset.retrieval(rows, length);
  const shape = { rows: Math.max(1, Math.min(rows, Math.floor(TOKENS_PER_REPLAY / length))), length };
  const { built, engine, adapter } = await runCheckpoint(gpu, checkpoint, shape, (context) => new Evaluation(context));
  try {
    const validation = await measureValidation(engine, built, windows, dataset.tokenizer.tokenBytes);
    const { points } = await measureRetrieval(engine, built, retrievalProbe);
    const sources = validation.sources.map((source, i) =>
      baselines ? { ...source, baselines: tableBaseline(dataset, windows[i]) } : source,
    );
    return { adapter, rows, tokenizer: dataset.tokenizer.name, ...validation, sources, retrieval: points };
  } finally {
    engine.destroy();
  }
}

export interface CheckpointAttention extends AttentionSummary {
  adapter: string;
  source: string;
  tokenizer: string;
}

/** Attention statistics of every head over one fixed held-out row of the corpus's first source. */
export async function probeCheckpoint(gpu: Gpu, checkpoint: OpenCheckpoint, queries: number): Promise<CheckpointAttention> {
  const { dataset, length } = checkpoint;
  const [source] = dataset.validationSources();
  const shape = { rows: 1, length };
  const { built, engine, adapter } = await runCheckpoint(
    gpu,
    checkpoint,
    shape,
    (context) => new AttentionProbe(context, queries),
  );
  try {
    const summary = await built.run(engine, dataset.validation(source, 1, length));
    return { adapter, source, tokenizer: dataset.tokenizer.name, ...summary };
  } finally {
    engine.destroy();
  }
}
