import type {
  AttentionRecord,
  NoteRecord,
  Progress,
  RetrievalRecord,
  RunRecord,
  StepRecord,
  ValidationRecord,
} from '../core/records';
import { Column } from './column';

/** What a curve may be drawn over. */
export type XAxis = 'tokens' | 'steps' | 'flops' | 'time';

/** Progress as columns, one entry per record. */
class ProgressColumns {
  readonly tokens = new Column();
  readonly steps = new Column();
  readonly flops = new Column();
  readonly time = new Column();

  push(progress: Progress): void {
    this.tokens.push(progress.tokens);
    this.steps.push(progress.step);
    this.flops.push(progress.flops);
    this.time.push(progress.seconds);
  }

  truncate(length: number): void {
    for (const column of [this.tokens, this.steps, this.flops, this.time]) column.truncate(length);
  }
}

export interface StageMark {
  progress: Progress;
  sequenceLength: number;
}

/**
 * The records of one run, appended as they come and never copied. Mutable on purpose: charts read it outside React, and the store's
 * `revision` beside it says when to look again.
 */
export class RunSeries {
  readonly progress = new ProgressColumns();
  readonly loss = new Column();
  /** Row length of each step, in tokens. */
  readonly sequenceLength = new Column();
  validations: ValidationRecord[] = [];
  attention: AttentionRecord[] = [];
  retrieval: RetrievalRecord[] = [];
  notes: NoteRecord[] = [];
  stages: StageMark[] = [];
  lastStep: StepRecord | undefined;

  append(records: readonly RunRecord[]): void {
    for (const record of records) this.appendOne(record);
  }

  validationsOf(kind: ValidationRecord['kind']): ValidationRecord[] {
    return this.validations.filter((record) => record.kind === kind);
  }

  /** A run that went back to a checkpoint takes its steps again from there: what it recorded past that point is dropped. */
  private rewindTo(step: number): void {
    const kept = this.progress.steps.view().findIndex((done) => done >= step);
    this.progress.truncate(kept);
    this.loss.truncate(kept);
    this.sequenceLength.truncate(kept);
    const before = (record: Progress) => record.step < step;
    this.validations = this.validations.filter(before);
    this.attention = this.attention.filter(before);
    this.retrieval = this.retrieval.filter(before);
    this.notes = this.notes.filter(before);
    this.stages = this.stages.filter(({ progress }) => before(progress));
  }

  private appendOne(record: RunRecord): void {
    switch (record.type) {
      case 'step':
        if (this.lastStep && record.step <= this.lastStep.step) this.rewindTo(record.step);
        if (record.sequenceLength !== this.lastStep?.sequenceLength)
          this.stages.push({ progress: record, sequenceLength: record.sequenceLength });
        this.lastStep = record;
        this.progress.push(record);
        this.loss.push(record.loss);
        this.sequenceLength.push(record.sequenceLength);
        break;
      case 'validation':
        this.validations.push(record);
        break;
      case 'attention':
        this.attention.push(record);
        break;
      case 'retrieval':
        this.retrieval.push(record);
        break;
      case 'note':
        this.notes.push(record);
        break;
    }
  }
}

/** Where a record lies on the chosen axis. Time is in seconds. */
export function progressOn(axis: XAxis, progress: Progress): number {
  switch (axis) {
    case 'tokens':
      return progress.tokens;
    case 'steps':
      return progress.step;
    case 'flops':
      return progress.flops;
    case 'time':
      return progress.seconds;
  }
}
