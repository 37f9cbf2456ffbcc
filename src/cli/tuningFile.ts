import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { version } from 'webgpu/package.json';
import type { TuningCache } from '../core/ports';
import type { TuningPorts } from '../session/tuneRun';
import { type CommandLine, wholeOption } from './commandLine';

/** Seconds that tuning may take on first use of an adapter. */
const BUDGET_SECONDS = 20;

/** What the lab remembers of adapters, as one JSON file of texts by key. */
export class TuningFile implements TuningCache {
  constructor(private readonly path: string) {}

  async read(key: string): Promise<string | undefined> {
    return (await this.entries())[key];
  }

  async write(key: string, value: string): Promise<void> {
    const entries = { ...(await this.entries()), [key]: value };
    const unfinished = `${this.path}.${process.pid}`;
    await mkdir(dirname(this.path), { recursive: true });
    await writeFile(unfinished, JSON.stringify(entries, undefined, 1));
    await rename(unfinished, this.path);
  }

  /** Every remembered text. */
  async texts(): Promise<string[]> {
    return Object.values(await this.entries());
  }

  /** None where the file is missing or broken: it is written anew. */
  private async entries(): Promise<Record<string, string>> {
    try {
      const parsed: unknown = JSON.parse(await readFile(this.path, 'utf8'));
      return Object.fromEntries(Object.entries(parsed ?? {}).filter(([, text]) => typeof text === 'string'));
    } catch {
      return {};
    }
  }
}

/** LAB_TUNING_FILE, else in the user's cache folder. */
export function tuningFile(): TuningFile {
  const folder = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return new TuningFile(process.env.LAB_TUNING_FILE || join(folder, 'ropewalk', 'tuning.json'));
}

export const RUNTIME = `webgpu ${version} for Node`;

/** Tuning as the command line wants it: undefined with --no-tuning or LAB_TUNING=off. */
export function tuningPorts(line: CommandLine): TuningPorts | undefined {
  if (line.options['no-tuning'] !== undefined || process.env.LAB_TUNING === 'off') return undefined;
  return { cache: tuningFile(), runtime: RUNTIME, budgetMs: 1000 * wholeOption(line, 'budget', BUDGET_SECONDS) };
}
