import { PROBE_TASK_NAMES, type ProbeTaskName, type RetrievalRecord, type ValidationRecord } from '../../core/records';
import type { KneserNeyLosses } from '../../data/kneserNey';
import type { AnswerProbe } from '../../data/synthetic/answerProbe';
import type { Gpu } from '../../gpu/device';
import { Generator } from '../../model/generator';
import { AttentionProbe, type AttentionSummary } from '../../probes/attention';
import { type ContextLawResult, fitContextLaw } from '../../probes/contextLaw';
import { Evaluation, lossesByDocument } from '../../probes/evaluation';
import { spokenAnswers } from '../../probes/spokenAnswers';
import { measureRetrieval, readWindows, type SourceWindows, summariseWindows, tableBaseline } from '../heldOut';
import { type OpenCheckpoint, runCheckpoint } from './openCheckpoint';

/** Tokens that one replay takes where rows are short. */
const TOKENS_PER_REPLAY = 4096;

export interface CheckpointEvaluation extends Pick<ValidationRecord, 'length' | 'loss' | 'bitsPerByte' | 'byPosition'> {
  adapter: string;
  /** Windows per source, and questions per task. */
  rows: number;
  tokenizer: string;
  /** The model, and where asked for tables of pairs and single tokens over the same targets. */
  sources: (ValidationRecord['sources'][number] & { baselines?: KneserNeyLosses })[];
  retrieval: { task: ProbeTaskName; points: RetrievalRecord['points'] }[];
  /** Over the windows of all sources; where it was asked for. */
  contextLaw?: ContextLawResult;
}

/** Held-out loss by source and position, and retrieval in every task that fits the length. */
export async function evaluateCheckpoint(
  gpu: Gpu,
  checkpoint: OpenCheckpoint,
  { rows, baselines, contextLaw = false }: { rows: number; baselines: boolean; contextLaw?: boolean },
): Promise<CheckpointEvaluation> {
  const { dataset, length } = checkpoint;
  const windows: SourceWindows[] = dataset.validationSources().map((source) => ({
    source,
    batch: dataset.validation(source, rows, length),
  }));
  const questions = PROBE_TASK_NAMES.map((task) => ({ task, probe: dataset.questions(task, rows, length) }));
  const shape = { rows: Math.max(1, Math.min(rows, Math.floor(TOKENS_PER_REPLAY / length))), length };
  const opened = await runCheckpoint(gpu, checkpoint, shape, (context) => new Evaluation(context));
  const { built, engine, adapter } = opened;
  try {
    const read = await readWindows(engine, built, windows);
    const validation = summariseWindows(read, dataset.tokenizer.tokenBytes);
    const retrieval: CheckpointEvaluation['retrieval'] = [];
    for (const { task, probe } of questions) {
      const { points } = await measureRetrieval(engine, built, probe);
      // The paper's probe is scored on what the model writes.
      const spoken = task === 'first-sentence' ? await speak(gpu, opened, probe, checkpoint) : undefined;
      retrieval.push({ task, points: points.map((point) => ({ ...point, rougeL: spoken?.get(point.distance) })) });
    }
    const sources = validation.sources.map((source, i) =>
      baselines ? { ...source, baselines: tableBaseline(dataset, windows[i]) } : source,
    );
    return {
      adapter,
      rows,
      tokenizer: dataset.tokenizer.name,
      ...validation,
      sources,
      retrieval,
      contextLaw: contextLaw ? fitContextLaw(lossesByDocument(read)) : undefined,
    };
  } finally {
    engine.destroy();
  }
}

/** ROUGE-L of greedy answers, with the weights that are on the device. */
async function speak(
  gpu: Gpu,
  {
    pipelines,
    model,
    variants,
    engine,
  }: Pick<Awaited<ReturnType<typeof runCheckpoint>>, 'pipelines' | 'model' | 'variants' | 'engine'>,
  probe: AnswerProbe,
  { length, dataset }: OpenCheckpoint,
): Promise<Map<number, number>> {
  const generator = await Generator.create({ gpu, pipelines, model, variants, weightsFrom: engine, length });
  try {
    return await spokenAnswers(generator, probe, (ids) => dataset.tokenizer.decode(ids));
  } finally {
    generator.destroy();
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
