import type { PeerName } from '../libraries/registry';
import type { Opened, StepSample } from '../page/page';
import { type AdapterKind, Tab } from './browser';

/** Why a library has no times at a length. */
export interface Dropout {
  status: 'not run' | 'failed' | 'losses differ';
  reason: string;
}

/** Loading, placing weights and whatever a library compiles before its first step. */
const OPEN_LIMIT_MS = 120_000;

/** One library at one length, alone in a browser until it is done or drops out. */
export class Contestant {
  /** Of the steps before any was timed. */
  readonly checkedLosses: number[] = [];
  readonly samples: StepSample[] = [];
  opened: Opened | undefined;
  dropout: Dropout | undefined;
  private tab: Tab | undefined;

  constructor(readonly name: PeerName) {}

  async open(url: string, adapter: AdapterKind, length: number): Promise<void> {
    await this.attempt(async () => {
      this.tab = await Tab.open(url, adapter);
      this.opened = await this.tab.call(OPEN_LIMIT_MS, 'open', this.name, length);
      const { notRunnable } = this.opened;
      if (notRunnable) await this.dropOut({ status: 'not run', reason: notRunnable });
    });
  }

  /** A step before the contest: its loss alone is kept. */
  async checkedStep(limitMs: number): Promise<void> {
    await this.attempt(async () => {
      this.checkedLosses.push((await this.tab!.call(limitMs, 'step')).loss);
    });
  }

  async timedStep(limitMs: number): Promise<void> {
    await this.attempt(async () => {
      this.samples.push(await this.tab!.call(limitMs, 'step'));
    });
  }

  async dropOut(dropout: Dropout): Promise<void> {
    this.dropout ??= dropout;
    this.samples.length = 0;
    await this.close();
  }

  async close(): Promise<void> {
    const { tab } = this;
    this.tab = undefined;
    await tab?.close();
  }

  /** Does nothing for a library that has dropped out; whatever goes wrong in its browser is its result, not the benchmark's end. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    if (this.dropout) return;
    try {
      await work();
    } catch (error) {
      await this.dropOut({ status: 'failed', reason: firstLine(error) });
    }
  }
}

/** Without Playwright's prefix and the stack that a page's error brings along. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/^page\.evaluate: (Error: )?/, '')
    .split('\n')[0]
    .trim();
}
