import { InputError } from '../core/errors';
import type { FileStore } from '../core/ports';
import { parseRecipe } from '../core/recipe';
import type { RunOutcome, StudyPlan, StudyRun } from './study';

/** What carries out a run; the platform decides where it trains. */
export interface RunPorts {
  /** The study's folder. */
  files: FileStore;
  /** Trains a run in its folder from wherever it stands, and measures its last weights. Undefined where it was stopped before its end. */
  carryOut(run: StudyRun, folder: string): Promise<RunOutcome | undefined>;
  onRun?(run: StudyRun, done: number, total: number): void;
}

const folderOf = (run: StudyRun) => `runs/${run.id}`;
const outcomeFile = (run: StudyRun) => `${folderOf(run)}/outcome.json`;

/** The outcome of a run that is over, if it is. @throws InputError where it is of another recipe: it would be mixed into the result. */
export async function readOutcome(files: FileStore, run: StudyRun): Promise<RunOutcome | undefined> {
  if (!(await files.list(folderOf(run))).includes('outcome.json')) return undefined;
  const outcome = JSON.parse(new TextDecoder().decode(await files.read(outcomeFile(run)))) as RunOutcome;
  if (JSON.stringify(parseRecipe(outcome.recording.run.recipe)) !== JSON.stringify(run.recipe))
    throw new InputError('study folder', `the recipe that ${run.id} has now`, 'an outcome of another', 'choose a fresh folder');
  return outcome;
}

/**
 * Works through a study's runs in order. What is on disk is the state of the queue: runs with an outcome are skipped, a begun one goes on
 * from its last checkpoint. `onOutcomes` gets all there are after each run. Returns whether every run is over.
 */
export async function workThrough(
  plan: StudyPlan,
  ports: RunPorts,
  onOutcomes: (outcomes: ReadonlyMap<string, RunOutcome>) => Promise<void>,
): Promise<boolean> {
  const outcomes = new Map<string, RunOutcome>();
  for (const [i, run] of plan.runs.entries()) {
    let outcome = await readOutcome(ports.files, run);
    if (!outcome) {
      ports.onRun?.(run, i, plan.runs.length);
      outcome = await ports.carryOut(run, folderOf(run));
      if (!outcome) return false;
      await ports.files.write(`${outcomeFile(run)}.tmp`, JSON.stringify(outcome));
      await ports.files.rename(`${outcomeFile(run)}.tmp`, outcomeFile(run));
    }
    outcomes.set(run.id, outcome);
    await onOutcomes(outcomes);
  }
  return true;
}
