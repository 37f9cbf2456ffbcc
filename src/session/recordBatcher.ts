import type { RunRecord } from '../core/records';

/** At most one message per animation frame of 60 Hz. */
const FRAME_MS = 16;

/** Collects records and hands them on in batches, in order. */
export class RecordBatcher {
  private waiting: RunRecord[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly send: (records: RunRecord[]) => void) {}

  add(record: RunRecord): void {
    this.waiting.push(record);
    this.timer ??= setTimeout(() => this.flush(), FRAME_MS);
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length) this.send(this.waiting.splice(0));
  }
}
