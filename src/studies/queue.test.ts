import { describe, expect, it } from 'vitest';
import type { FileStore } from '../core/ports';
import { STUDIES } from '.';
import { workThrough } from './queue';
import { writeReport } from './report/files';
import { renderHtml } from './report/html';
import { renderMarkdown } from './report/markdown';
import { summarise } from './result';
import { planStudy, type RunOutcome, type StudyRun } from './study';

const [positionEncodings] = STUDIES;
const plan = planStudy(positionEncodings, 'nano');

function memoryFiles() {
  const files = new Map<string, string>();
  const store = {
    read: async (path: string) => new TextEncoder().encode(files.get(path)),
    write: async (path: string, content: string) => void files.set(path, content),
    list: async (folder: string) =>
      [...files.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)),
    async rename(from: string, to: string) {
      files.set(to, files.get(from)!);
      files.delete(from);
    },
  } as unknown as FileStore;
  return { files, store };
}

/** ABF is 0.5 nats better than RoPE in every seed, PI and xPos differ from it by the seed's luck alone. */
function outcomeOf({ arm, seed, recipe }: StudyRun): RunOutcome {
  const luck = Math.sin(seed * 7 + arm.name.length);
  const loss = 3 + 0.1 * seed + (arm.name === 'rope' ? 0.5 : 0) + 0.01 * luck;
  const evaluation = (length: number) => ({ length, loss, sources: [], byPosition: [], retrieval: [] });
  return {
    recording: {
      run: { recipe, status: 'finished', adapter: 'test', createdAt: '2026-11-24T00:00:00Z' },
      records: [{ type: 'step', tokens: 1000, seconds: 60 }],
    },
    evaluations: [evaluation(128), evaluation(1024)],
  } as unknown as RunOutcome;
}

describe('a study’s queue', () => {
  it('goes on where it stopped: what is over is never run again', async () => {
    const { store } = memoryFiles();
    const carried: string[] = [];
    const ports = (stopAfter: number) => ({
      files: store,
      carryOut: async (run: StudyRun) => {
        if (carried.length === stopAfter) return undefined;
        carried.push(run.id);
        return outcomeOf(run);
      },
    });
    expect(await workThrough(plan, ports(5), async () => {})).toBe(false);
    const seen: number[] = [];
    expect(await workThrough(plan, ports(99), async (outcomes) => void seen.push(outcomes.size))).toBe(true);
    expect(carried).toEqual(plan.runs.map(({ id }) => id));
    expect(seen).toEqual(plan.runs.map((_, i) => i + 1));
  });
});

it('refuses an outcome of another recipe instead of mixing it in', async () => {
  const { store } = memoryFiles();
  const carryOut = async (run: StudyRun) => {
    const outcome = outcomeOf(run);
    return {
      ...outcome,
      recording: { ...outcome.recording, run: { ...outcome.recording.run, recipe: { ...run.recipe, seed: 99 } } },
    };
  };
  await workThrough(plan, { files: store, carryOut }, async () => {});
  await expect(workThrough(plan, { files: store, carryOut }, async () => {})).rejects.toThrow(/recipe that rope-s1 has now/);
});

describe('a study’s report', () => {
  const outcomes = new Map(plan.runs.map((run) => [run.id, outcomeOf(run)]));

  it('pairs seeds, so that a difference all seeds share is found although seeds differ as much', () => {
    const { contrasts, arms } = summarise(plan, outcomes);
    const [againstRope, againstPi, xpos] = contrasts;
    expect(againstRope).toMatchObject({ verdict: 'lower', agreement: 'yes' });
    expect(againstRope.mean).toBeCloseTo(-0.5, 1);
    expect(againstPi).toMatchObject({ verdict: 'not distinguishable', agreement: 'not shown' });
    expect(xpos).toMatchObject({ verdict: 'not distinguishable', agreement: 'not contradicted' });
    expect(arms[0].means['loss-long']?.mean).toBeCloseTo(3.7, 1);
  });

  it('compares only seeds whose both arms are over, and says what is missing', () => {
    const some = new Map([...outcomes].filter(([id]) => id !== 'rope-s3'));
    const result = summarise(plan, some);
    expect(result.contrasts[0].differences).toHaveLength(2);
    expect(renderMarkdown(positionEncodings, result, 'lab')).toContain('Unfinished: 11 of 12 runs are over.');
    const one = summarise(planStudy(positionEncodings, 'pico'), outcomes);
    expect(one.contrasts[0].verdict).toBe('too few seeds');
    expect(renderHtml(positionEncodings, one, 'lab')).toContain('Smoke test');
  });

  it('is self-contained, says the same in both forms, and leaves the raw data beside it', async () => {
    const { files, store } = memoryFiles();
    await writeReport(store, plan, summarise(plan, outcomes));
    expect([...files.keys()].sort()).toEqual(['data.json', 'plan.json', 'report.html', 'report.md', 'runs.csv']);
    const html = files.get('report.html')!;
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3)/);
    for (const said of ['Preliminary: 3 seeds', 'not distinguishable', 'lower', '6.548']) {
      expect(html).toContain(said);
      expect(files.get('report.md')).toContain(said);
    }
    expect(files.get('runs.csv')!.split('\n')).toHaveLength(1 + plan.runs.length + 1);
    expect(JSON.parse(files.get('plan.json')!)).toHaveLength(plan.runs.length);
  });
});
