import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TuningCache } from '../core/ports';
import type { LabEvent } from './api';
import { LabSession } from './labSession';
import { tinyRecipe as recipe } from './testing/tinyRecipe';

/** Long enough to begin, too short to end: what is tested is what follows from an outcome, not the outcome. */
const BUDGET_MS = 300;

let events: LabEvent[];
let stored: Map<string, string>;

beforeEach(() => {
  events = [];
  stored = new Map();
});

async function open(tuningSeconds?: number, onEvent = (event: LabEvent) => void events.push(event)): Promise<LabSession> {
  const cache: TuningCache = {
    read: async (key) => stored.get(key),
    write: async (key, value) => void stored.set(key, value),
  };
  const session = new LabSession({
    gpu: navigator.gpu,
    createAssets: () => ({ read: async (path) => new Uint8Array(await readFile(`public/${path}`)) }),
    tuning: { cache, runtime: 'test', budgetMs: BUDGET_MS },
  });
  await session.open('', onEvent, { tuningSeconds });
  return session;
}

const tuningEvents = () => events.filter((event) => event.type === 'tuning');
const notes = () =>
  events
    .flatMap((event) => (event.type === 'records' ? event.records : []))
    .filter((record) => record.type === 'note' && record.kind === 'tuning');

/** Makes what is remembered say that `rows-1` was chosen for flash_forward and another variant refused. */
function pretend(): void {
  const [[key, text]] = stored;
  const entry = JSON.parse(text);
  entry.result.variants.flash_forward = 'rows-1';
  const operation = entry.result.operations.find((each: { operation: string }) => each.operation === 'flash_forward');
  operation.chosen = 'rows-1';
  operation.candidates.find((each: { variant: string }) => each.variant === 'rows-2').check = 'wrong';
  operation.candidates.find((each: { variant: string }) => each.variant === 'rows-2').problem =
    'element 5 in o is 1, should be 2';
  stored.set(key, JSON.stringify(entry));
}

describe('tuning before a run', () => {
  it('shows its progress to the end and is remembered; the next run tunes nothing', async () => {
    const session = await open();
    const run = await session.create(recipe);
    const last = tuningEvents().at(-1)!;
    expect(tuningEvents()[0].what).toMatch(/^checking /);
    expect(last.done).toBe(last.total);
    expect(stored.size).toBe(1);
    expect(run.variants.flash_forward).toBe(run.defaultVariants?.flash_forward);
    events.length = 0;
    await session.create(recipe);
    expect(tuningEvents()).toEqual([]);
  });

  it('gives a new run what is remembered, says what was refused, and leaves forks and resets with it', async () => {
    const session = await open();
    await session.create(recipe);
    pretend();
    const run = await session.create(recipe);
    expect(run.variants.flash_forward).toBe('rows-1');
    expect(run.defaultVariants?.flash_forward).not.toBe('rows-1');
    await session.step();
    expect(notes()).toMatchObject([
      { step: 0, text: 'flash_forward rows-2 is not used here: wrong results, element 5 in o is 1, should be 2' },
    ]);
    stored.clear();
    const child = await session.fork(recipe, { moments: 'keep', schedule: 'continue', warmupSteps: 0 });
    expect(child.variants).toEqual(run.variants);
    expect((await session.reset()).variants).toEqual(run.variants);
    expect(stored.size).toBe(0);
  });

  it('is skipped on request: defaults, and nothing remembered', async () => {
    const session: LabSession = await open(60, (event) => {
      events.push(event);
      if (event.type === 'tuning') void session.skipTuning();
    });
    const run = await session.create(recipe);
    expect(run.variants).toEqual(run.defaultVariants);
    expect(stored.size).toBe(0);
    const [first, last] = [tuningEvents()[0], tuningEvents().at(-1)!];
    expect([first.done, last.done]).toEqual([0, last.total]);
  });

  it('does not happen where the page gives it no time', async () => {
    const run = await (await open(0)).create(recipe);
    expect(run.variants).toEqual(run.defaultVariants);
    expect([tuningEvents(), stored.size]).toEqual([[], 0]);
  });
});
