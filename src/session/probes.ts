import type { Batch } from '../core/batch';
import type { AnswerScore, Scores } from '../core/intervention';
import type { AttentionRecord, ProbeTaskName, Progress, RetrievalRecord, ValidationRecord } from '../core/records';
import type { AnswerProbe } from '../data/synthetic/answerProbe';
import type { Engine } from '../model/engine';
import type { Evaluation } from '../probes/evaluation';
import type { Blueprint } from './blueprint';
import type { Dataset } from './dataset';
import { measureRetrieval, measureValidation, type SourceWindows } from './heldOut';

/** Held-out windows by length, and questions with their rows. */
export interface HeldOutText {
  windows: Record<ValidationRecord['kind'], SourceWindows[]>;
  questions: { task: ProbeTaskName; probe: AnswerProbe }[];
}

/** The fixed held-out text of a run, and what the model makes of it. The same text at every step, for every fork and seed. */
export class Probes {
  readonly text: HeldOutText;
  private readonly attentionBatch: Batch;

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
    const { rows, length } = blueprint.attention;
    this.attentionBatch = dataset.validation(sources[0], rows, length);
    const tasks = retrieval_rows ? retrieval_tasks : [];
    this.text = {
      windows: { short: windows(short), long: long.length === short.length ? [] : windows(long) },
      questions: tasks.map((task) => ({ task, probe: dataset.questions(task, retrieval_rows, long.length) })),
    };
  }

  async run(progress: Progress): Promise<(ValidationRecord | AttentionRecord | RetrievalRecord)[]> {
    const records: (ValidationRecord | AttentionRecord | RetrievalRecord)[] = [];
    for (const kind of ['short', 'long'] as const)
      if (this.text.windows[kind].length)
        records.push({ type: 'validation', ...progress, kind, ...(await this.validate(kind, this.text)) });
    records.push({ type: 'attention', ...progress, ...(await this.blueprint.attention.run(this.engine, this.attentionBatch)) });
    for (const { task, probe } of this.text.questions)
      records.push({ type: 'retrieval', ...progress, task, ...(await this.ask(probe)) });
    return records;
  }

  /** The current weights on a text, which may be an altered copy of `text`. */
  async score(text: HeldOutText): Promise<Scores> {
    const scores: Scores = { losses: [], answers: [] };
    for (const kind of ['short', 'long'] as const) {
      if (!text.windows[kind].length) continue;
      const { length, loss } = await this.validate(kind, text);
      scores.losses.push({ kind, length, loss });
    }
    for (const { task, probe } of text.questions)
      scores.answers.push({ task, score: meanAnswer((await this.ask(probe)).points) });
    return scores;
  }

  private validate(kind: ValidationRecord['kind'], { windows }: HeldOutText) {
    const { tokenBytes } = this.dataset.tokenizer;
    return measureValidation(this.engine, this.blueprint.evaluation[kind], windows[kind], tokenBytes);
  }

  private ask(probe: AnswerProbe) {
    return measureRetrieval(this.engine, this.blueprint.evaluation.long, probe);
  }
}

/** Over all distances; every answer counts the same. */
function meanAnswer(points: RetrievalRecord['points']): AnswerScore {
  const answers = points.reduce((sum, point) => sum + point.answers, 0);
  const mean = (value: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + value(point) * point.answers, 0) / answers;
  return { loss: mean(({ answerLoss }) => answerLoss), exactMatch: mean(({ exactMatch }) => exactMatch) };
}
