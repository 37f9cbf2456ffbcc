import type { Batch } from '../core/batch';
import type { AttentionRecord, Progress, RetrievalRecord, ValidationRecord } from '../core/records';
import type { RetrievalProbe } from '../data/synthetic/retrievalProbe';
import type { Engine } from '../model/engine';
import { type Evaluation, lossByPosition, meanLoss, type TokenLosses } from '../probes/evaluation';
import { retrievalPoints } from '../probes/retrieval';
import type { Blueprint } from './blueprint';
import type { Dataset } from './dataset';

/** The fixed held-out text of a run, and what the model makes of it. The same text at every step, for every fork and seed. */
export class Probes {
  private readonly windows: Record<ValidationRecord['kind'], { source: string; batch: Batch }[]>;
  private readonly attentionBatch: Batch;
  private readonly retrieval: RetrievalProbe | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly blueprint: Blueprint,
    private readonly dataset: Dataset,
  ) {
    const { short, long } = blueprint.evaluation;
    const { validation_rows, retrieval_rows } = blueprint.recipe.probes;
    const windows = ({ length }: Evaluation) =>
      dataset.validationSources.map((source) => ({ source, batch: dataset.validation(source, validation_rows, length) }));
    this.windows = { short: windows(short), long: long.length === short.length ? [] : windows(long) };
    const { rows, length } = blueprint.attention;
    this.attentionBatch = dataset.validation(dataset.validationSources[0], rows, length);
    this.retrieval = retrieval_rows ? dataset.retrieval(retrieval_rows, long.length) : undefined;
  }

  async run(progress: Progress): Promise<(ValidationRecord | AttentionRecord | RetrievalRecord)[]> {
    const records: (ValidationRecord | AttentionRecord | RetrievalRecord)[] = [];
    for (const kind of ['short', 'long'] as const)
      if (this.windows[kind].length) records.push(await this.validate(kind, progress));
    records.push({ type: 'attention', ...progress, ...(await this.blueprint.attention.run(this.engine, this.attentionBatch)) });
    if (this.retrieval) records.push(await this.retrieve(this.retrieval, progress));
    return records;
  }

  private async validate(kind: ValidationRecord['kind'], progress: Progress): Promise<ValidationRecord> {
    const evaluation = this.blueprint.evaluation[kind];
    const results: { source: string; batch: Batch; losses: TokenLosses }[] = [];
    for (const { source, batch } of this.windows[kind])
      results.push({ source, batch, losses: await evaluation.run(this.engine, batch) });
    const sources = results.map(({ source, batch, losses }) => ({
      source,
      ...meanLoss(batch, losses, this.dataset.tokenizer.tokenBytes),
    }));
    const mean = (value: (source: (typeof sources)[number]) => number) =>
      sources.reduce((sum, s) => sum + value(s), 0) / sources.length;
    return {
      type: 'validation',
      ...progress,
      kind,
      length: evaluation.length,
      loss: mean(({ loss }) => loss),
      bitsPerByte: mean(({ bitsPerByte }) => bitsPerByte),
      sources,
      byPosition: lossByPosition(results),
    };
  }

  private async retrieve(probe: RetrievalProbe, progress: Progress): Promise<RetrievalRecord> {
    const { long } = this.blueprint.evaluation;
    const told = await long.run(this.engine, probe.batch);
    const control = await long.run(this.engine, probe.control);
    return { type: 'retrieval', ...progress, length: long.length, points: retrievalPoints(probe, told, control) };
  }
}
