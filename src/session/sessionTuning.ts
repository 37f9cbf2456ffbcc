import type { LabEvent } from './api';
import type { Blueprint } from './blueprint';
import type { OpenDevice } from './labDevice';
import { type TunedRun, type TuningPorts, tuneRun } from './tuneRun';

/** Tuning as a page sees it: one at a time, with its progress shown, skippable. */
export class SessionTuning {
  private abort: AbortController | undefined;

  constructor(
    private readonly ports: TuningPorts,
    private readonly emit: (event: LabEvent) => void,
  ) {}

  /** Variants for a blueprint within the budget; what is not reached, or skipped, keeps its default. */
  tune(device: OpenDevice, whole: Blueprint): Promise<TunedRun> {
    this.abort = new AbortController();
    const onProgress = (done: number, total: number, what: string) => this.emit({ type: 'tuning', done, total, what });
    return tuneRun(device, whole, this.ports, { signal: this.abort.signal, onProgress });
  }

  skip(): void {
    this.abort?.abort();
  }
}
