import { InputError } from '../core/errors';
import type { ModelConfig } from '../core/modelConfig';
import type { FileStore } from '../core/ports';
import { parseRecipe, type Recipe } from '../core/recipe';
import type { RecordedRun, RunRecord } from '../core/records';
import { decodeTrainingState, encodeTrainingState, type TrainingState } from './trainingState';

const METRICS = 'metrics.jsonl';
const IDENTITY = 'run.json';
const RECORDING = 'recorded.json';

/** Complete checkpoints that are kept. */
const KEPT = 2;

/** What a run is, whatever has become of it: kept so that only the same run goes on in its folder. */
export interface RunIdentity {
  recipe: Recipe;
  variants: Record<string, string>;
}

/**
 * A run in a folder: `run.json`, `metrics.jsonl` with every record, `recorded.json` for the page, and checkpoints as Hugging Face folders with
 * optimizer and state beside the weights. A checkpoint is written aside and renamed, so a killed process leaves the one before it.
 */
export class RunFolder {
  constructor(private readonly files: FileStore) {}

  /** Begins a run here. @throws InputError where one has been. */
  async create(identity: RunIdentity): Promise<void> {
    if ((await this.files.list('')).includes(IDENTITY))
      throw new InputError('run folder', 'a folder without a run', 'one that has a run', 'resume it, or choose another folder');
    await this.files.write(IDENTITY, JSON.stringify(identity, undefined, 2));
    await this.files.write(METRICS, '');
  }

  /** Checks that the run here is of this recipe. Returns its kernel variants: another set would be another set of bits. */
  async resume(recipe: Recipe): Promise<Record<string, string>> {
    if (!(await this.files.list('')).includes(IDENTITY))
      throw new InputError('run folder', 'a run to resume', 'none', 'start the run without --resume');
    const identity = JSON.parse(new TextDecoder().decode(await this.files.read(IDENTITY))) as RunIdentity;
    if (JSON.stringify(parseRecipe(identity.recipe)) !== JSON.stringify(recipe))
      throw new InputError(
        'run folder',
        `the recipe it was started with (${IDENTITY})`,
        recipe.name,
        'resume it with that recipe, or choose another folder',
      );
    return identity.variants;
  }

  async append(records: readonly RunRecord[]): Promise<void> {
    if (records.length) await this.files.append(METRICS, records.map(line).join(''));
  }

  async records(): Promise<RunRecord[]> {
    const text = new TextDecoder().decode(await this.files.read(METRICS));
    return text
      .split('\n')
      .filter(Boolean)
      .map((json) => JSON.parse(json) as RunRecord);
  }

  /** Drops records past a step: a resumed run writes them again. */
  async truncate(step: number): Promise<void> {
    const kept = (await this.records()).filter((record) => record.step <= step);
    await this.files.write(METRICS, kept.map(line).join(''));
  }

  async writeRecording(recording: RecordedRun): Promise<void> {
    await this.files.write(RECORDING, JSON.stringify(recording));
  }

  /** @param beside files that make the folder complete, such as the tokenizer's. */
  async writeCheckpoint(
    config: ModelConfig,
    state: TrainingState,
    tokenizer: string,
    beside: ReadonlyMap<string, Uint8Array>,
  ): Promise<void> {
    const name = `checkpoint-${state.progress.step}`;
    const aside = `${name}.tmp`;
    await this.files.remove(aside);
    for (const [file, content] of [...encodeTrainingState(config, state, tokenizer), ...beside])
      await this.files.write(`${aside}/${file}`, content);
    await this.files.rename(aside, name);
    for (const old of (await this.checkpoints()).slice(0, -KEPT)) await this.files.remove(old);
  }

  /** What `writeRecording` kept. */
  async recording(): Promise<RecordedRun> {
    return JSON.parse(new TextDecoder().decode(await this.files.read(RECORDING))) as RecordedRun;
  }

  /** Whether the run here came to its end, by its last step or by diverging. */
  async hasEnded(): Promise<boolean> {
    return (await this.files.list('')).includes(RECORDING) && (await this.recording()).run.status !== 'paused';
  }

  /** Folder name of the newest checkpoint. @throws InputError where there is none. */
  async newestCheckpoint(): Promise<string> {
    const newest = (await this.checkpoints()).at(-1);
    if (!newest) throw new InputError('run folder', 'a checkpoint to resume from', 'none', 'start the run without --resume');
    return newest;
  }

  async hasCheckpoint(): Promise<boolean> {
    return (await this.checkpoints()).length > 0;
  }

  /** Removes the run, if there is one. */
  async clear(): Promise<void> {
    for (const name of await this.files.list('')) await this.files.remove(name);
  }

  /** What the newest checkpoint holds. */
  async readCheckpoint(): Promise<TrainingState> {
    const newest = await this.newestCheckpoint();
    return decodeTrainingState((file) => this.files.read(`${newest}/${file}`));
  }

  /** Folder names of complete checkpoints, oldest first. */
  private async checkpoints(): Promise<string[]> {
    const step = (name: string) => Number(name.slice('checkpoint-'.length));
    return (await this.files.list('')).filter((name) => /^checkpoint-\d+$/.test(name)).sort((a, b) => step(a) - step(b));
  }
}

function line(record: RunRecord): string {
  return `${JSON.stringify(record)}\n`;
}
