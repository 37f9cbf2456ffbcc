import { LabError } from '../core/errors';
import type { RunRecord, RunSummary } from '../core/records';
import { ActiveRun, DivergedError } from './activeRun';
import type { LabEvent } from './api';
import type { Dataset } from './dataset';
import type { OpenDevice } from './labDevice';
import { RecordBatcher } from './recordBatcher';
import type { RunEntry } from './runRegistry';

/** What a run of the session needs of it. */
export interface SessionRunPorts {
  emit(event: LabEvent): void;
  openDevice(): Promise<OpenDevice>;
  loadText(tokenizerName: string): Promise<Dataset>;
}

/** The run that commands act on: what the session knows of it, and its buffers and programs once something needs them. */
export class SessionRun {
  private readonly batcher: RecordBatcher;
  private onDevice: ActiveRun | undefined;

  constructor(
    readonly entry: RunEntry,
    private readonly ports: SessionRunPorts,
  ) {
    const { id } = entry.summary;
    this.batcher = new RecordBatcher((records) => ports.emit({ type: 'records', runId: id, records }));
  }

  /** Its buffers and programs, made when first needed: from its last checkpoint, else its start. */
  async realise(): Promise<ActiveRun> {
    if (this.onDevice) return this.onDevice;
    const { entry, ports } = this;
    const { gpu, pipelines } = await ports.openDevice();
    const preparing = (what: string) => (done: number, total: number) => ports.emit({ type: 'preparing', done, total, what });
    preparing('loading text')(0, 1);
    try {
      const dataset = await ports.loadText(entry.tokenizerName);
      this.onDevice = await ActiveRun.create({
        gpu,
        pipelines,
        // As live changes left it.
        blueprint: { ...entry.blueprint, recipe: entry.summary.recipe },
        dataset,
        start: entry.checkpoint ?? entry.start,
        emit: (record) => this.record(record),
        onCompile: preparing('compiling kernels'),
      });
      return this.onDevice;
    } catch (error) {
      // Nothing is being prepared any more.
      preparing('loading text')(1, 1);
      throw error;
    }
  }

  record(record: RunRecord): void {
    this.batcher.add(record);
  }

  /** What was recorded is with the receiver. */
  flush(): void {
    this.batcher.flush();
  }

  /** Waits for every submitted step. */
  async settle(): Promise<void> {
    await this.onDevice?.settle();
  }

  /** Keeps the state that is on the device, if any, in memory. A run whose last submitted steps turn out to have diverged is marked so. */
  async keep(): Promise<void> {
    if (!this.onDevice) return;
    try {
      this.entry.checkpoint = await this.onDevice.checkpoint();
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error;
      this.fail(error);
      this.entry.checkpoint = await this.onDevice.checkpoint();
    }
  }

  /** Puts the run aside: its state stays in memory, its buffers are freed. */
  async shelve(): Promise<void> {
    await this.keep();
    this.onDevice?.destroy();
    this.onDevice = undefined;
    this.pause();
    this.flush();
  }

  /** The device is lost, and with it everything since the last checkpoint. */
  forgetDevice(): void {
    this.onDevice = undefined;
    this.pause();
  }

  /** Whatever was training is not any more. */
  pause(): void {
    if (this.entry.summary.status === 'training') this.setStatus('paused');
  }

  fail(error: unknown): void {
    const { entry } = this;
    entry.summary = { ...entry.summary, reason: error instanceof LabError ? error.message : String((error as Error).stack) };
    this.setStatus('failed');
  }

  setStatus(status: RunSummary['status']): void {
    this.flush();
    this.summarise({ status });
  }

  /** Changes the summary and tells the receiver. */
  summarise(changes: Partial<RunSummary>): void {
    this.entry.summary = { ...this.entry.summary, ...changes };
    this.ports.emit({ type: 'run', run: this.entry.summary });
  }
}
