import type { Batch } from '../core/batch';
import type { AttentionRecord, ProbeTaskName, Progress, RetrievalRecord, ValidationRecord } from '../core/records';
import type { AnswerProbe } from '../data/synthetic/answerProbe';
import type { Engine } from '../model/engine';
import type { Evaluation } from '../probes/evaluation';
import type { Blueprint } from './blueprint';
import type { Dataset } from './dataset';
import { measureRetrieval, measureValidation, type SourceWindows } from './heldOut';

/** The fixed held-out text of a run, and what the model makes of it. The same text at every step, for every fork and seed. */
export class Probes {
  private readonly windows: Record<ValidationRecord['kind'], SourceWindows[]>;
  private readonly attentionBatch: Batch;
  private readonly questions: { task: ProbeTaskName; probe: AnswerProbe }[];

  constructor(
    private readonly engine: Engine,
    private readonly blueprint: Blueprint,
    private readonly dataset: Dataset,
  ) {
    const { short, long } = blueprint.evaluation;
    const { validation_rows, retrieval_rows, retrieval_tasks } = blueprint.recipe.probes;
    const sources = dataset.validationSources(blueprint.recipe.data.sources);
    const windows = ({ length }: Evaluation) =>
      sources.map((source) => ({ source, batch: dataset.validation(source, validation_rows, length) }));
    this.windows = { short: windows(short), long: long.length === short.length ? [] : windows(long) };
    const { rows, length } = blueprint.attention;
    this.attentionBatch = dataset.validation(sources[0], rows, length);
    const tasks = retrieval_rows ? retrieval_tasks : [];
    this.questions = tasks.map((task) => ({ task, probe: dataset.questions(task, retrieval_rows, long.length) }));
  }

  async run(progress: Progress): Promise<(ValidationRecord | AttentionRecord | RetrievalRecord)[]> {
    const records: (ValidationRecord | AttentionRecord | RetrievalRecord)[] = [];
    for (const kind of ['short', 'long'] as const)
      if (this.windows[kind].length) records.push(await this.validate(kind, progress));
    records.push({ type: 'attention', ...progress, ...(await this.blueprint.attention.run(this.engine, this.attentionBatch)) });
    for (const { task, probe } of this.questions) {
      const measured = await measureRetrieval(this.engine, this.blueprint.evaluation.long, probe);
      records.push({ type: 'retrieval', ...progress, task, ...measured });
    }
    return records;
  }

  private async validate(kind: ValidationRecord['kind'], progress: Progress): Promise<ValidationRecord> {
    const { tokenBytes } = this.dataset.tokenizer;
    const measured = await measureValidation(this.engine, this.blueprint.evaluation[kind], this.windows[kind], tokenBytes);
    return { type: 'validation', ...progress, kind, ...measured };
  }
}
