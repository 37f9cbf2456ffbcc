import { appendFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../core/errors';
import { parameterShapes } from '../core/modelConfig';
import type { RecordedRun, RunRecord } from '../core/records';
import { z } from '../core/zod';
import { dataCursorSchema } from '../data/dataStream';
import { hfConfigJson } from '../interchange/hfConfig';
import { readSafetensors, tensorValues, writeSafetensors } from '../interchange/safetensors';
import type { ModelTensors } from '../model/tensors';
import type { Checkpoint } from '../session/checkpoint';
import { namedWeights } from '../session/checkpointFiles';
import { readBytes, readJson, readText } from './files';

/** What a checkpoint folder keeps beside the weights. */
const trainerStateSchema = z.object({
  version: z.literal(1),
  progress: z.object({ step: z.number(), tokens: z.number(), flops: z.number(), seconds: z.number() }),
  adam_steps: z.number(),
  schedule_start: z.number(),
  cursor: dataCursorSchema,
});

/**
 * A run on disk: `metrics.jsonl` with every record, `run.json`, and checkpoints as Hugging Face folders with optimizer and state beside
 * the weights. A checkpoint is written aside and renamed, so a killed process leaves the one before it.
 */
export class RunFolder {
  constructor(readonly path: string) {}

  async create(): Promise<void> {
    await mkdir(this.path, { recursive: true });
    if ((await this.checkpoints()).length)
      throw new InputError(
        'lab train',
        `an --out folder without a run`,
        this.path,
        'add --resume to go on, or choose another folder',
      );
    await rm(join(this.path, 'metrics.jsonl'), { force: true });
  }

  async append(records: readonly RunRecord[]): Promise<void> {
    if (records.length)
      await appendFile(join(this.path, 'metrics.jsonl'), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }

  async records(): Promise<RunRecord[]> {
    const text = await readText(join(this.path, 'metrics.jsonl'));
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as RunRecord);
  }

  /** Drops records past a checkpoint: a resumed run writes them again. */
  async truncate(step: number): Promise<void> {
    const kept = (await this.records()).filter((record) => record.step <= step);
    await writeFile(join(this.path, 'metrics.jsonl'), kept.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }

  async writeRecording(recording: RecordedRun): Promise<void> {
    await writeFile(join(this.path, 'recorded.json'), JSON.stringify(recording));
  }

  /** Folder names of complete checkpoints, oldest first. */
  async checkpoints(): Promise<string[]> {
    const names = await readdir(this.path).catch(() => []);
    return names.filter((name) => /^checkpoint-\d+$/.test(name)).sort((a, b) => stepOf(a) - stepOf(b));
  }

  async writeCheckpoint(model: ModelTensors, checkpoint: Checkpoint, tokenizer: string, keep = 2): Promise<string> {
    const name = `checkpoint-${checkpoint.progress.step}`;
    const aside = join(this.path, `${name}.tmp`);
    await rm(aside, { recursive: true, force: true });
    await mkdir(aside, { recursive: true });
    const shapes = new Map(parameterShapes(model.config).map(({ name: tensor, shape }) => [tensor, shape]));
    const tensors = (flat: Float32Array, prefix = '') =>
      [...model.layout.unpack(flat)].map(([tensor, values]) => ({ name: prefix + tensor, shape: shapes.get(tensor)!, values }));
    const { progress, adamSteps, scheduleStart, cursor } = checkpoint;
    await writeFile(join(aside, 'config.json'), hfConfigJson(model.config));
    await writeFile(join(aside, 'model.safetensors'), writeSafetensors(tensors(checkpoint.weights)));
    const moments = [...tensors(checkpoint.moment1, 'exp_avg.'), ...tensors(checkpoint.moment2, 'exp_avg_sq.')];
    await writeFile(join(aside, 'optimizer.safetensors'), writeSafetensors(moments));
    await writeFile(join(aside, 'ropewalk.json'), JSON.stringify({ tokenizer }));
    const state = { version: 1, progress, adam_steps: adamSteps, schedule_start: scheduleStart, cursor };
    await writeFile(join(aside, 'trainer_state.json'), JSON.stringify(state));
    const path = join(this.path, name);
    await rm(path, { recursive: true, force: true });
    await rename(aside, path);
    for (const old of (await this.checkpoints()).slice(0, -keep)) await rm(join(this.path, old), { recursive: true });
    return path;
  }

  /** The newest checkpoint, for a model of the same config. */
  async readCheckpoint(model: ModelTensors): Promise<Checkpoint> {
    const newest = (await this.checkpoints()).at(-1);
    if (!newest) throw new InputError('lab train --resume', `a checkpoint in ${this.path}`, 'none', 'start without --resume');
    const folder = join(this.path, newest);
    const weights = namedWeights(model.config, await readBytes(join(folder, 'model.safetensors')));
    const { tensors } = readSafetensors(await readBytes(join(folder, 'optimizer.safetensors')));
    const moments = (prefix: string) =>
      new Map(
        [...tensors]
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, tensor]) => [name.slice(prefix.length), tensorValues(tensor)]),
      );
    const state = trainerStateSchema.parse(await readJson(join(folder, 'trainer_state.json')));
    return {
      progress: state.progress,
      adamSteps: state.adam_steps,
      scheduleStart: state.schedule_start,
      cursor: state.cursor,
      weights: model.layout.pack(weights),
      moment1: model.layout.pack(moments('exp_avg.')),
      moment2: model.layout.pack(moments('exp_avg_sq.')),
    };
  }
}

function stepOf(name: string): number {
  return Number(name.slice('checkpoint-'.length));
}
