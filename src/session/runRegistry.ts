import type { RunSummary } from '../core/records';
import type { RunStart } from './activeRun';
import type { Blueprint } from './blueprint';
import type { Checkpoint } from './checkpoint';

/** A run of this session: what it is, how it started, and the last state kept of it in memory. */
export interface RunEntry {
  summary: RunSummary;
  blueprint: Blueprint;
  tokenizerName: string;
  start: RunStart;
  /** A sentence for each kernel variant that was refused on this adapter when the run's were chosen. */
  refusals?: readonly string[];
  checkpoint?: Checkpoint;
}

/** Every run of the session by id. Ids are memorable and never reused. */
export class RunRegistry {
  private readonly entries = new Map<string, RunEntry>();
  private count = 0;

  add(
    entry: Omit<RunEntry, 'summary'>,
    facts: Omit<RunSummary, 'id' | 'status' | 'recipe' | 'plan' | 'variants' | 'createdAt' | 'start'>,
  ): RunEntry {
    const { recipe, plan, variants } = entry.blueprint;
    const id = `run-${++this.count}`;
    const summary: RunSummary = {
      ...facts,
      id,
      recipe,
      plan,
      variants: { ...variants },
      status: 'ready',
      createdAt: new Date().toISOString(),
      start: { ...entry.start.progress },
    };
    const added = { ...entry, summary };
    this.entries.set(id, added);
    return added;
  }

  get(id: string): RunEntry | undefined {
    return this.entries.get(id);
  }
}
