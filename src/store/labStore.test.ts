import { describe, expect, it } from 'vitest';
import { profileObstacle } from './profileSlice';
import { activeRun, viewedRun } from './runsSlice';
import { fakePage } from './testing/fakeLab';
import { FIXTURE_RECIPE, fixtureRun, progressAt } from './testing/recordedFixture';

const step = (n: number) => ({
  type: 'step' as const,
  ...progressAt(n),
  stage: 0,
  sequenceLength: 256,
  loss: 4 - n / 100,
  gradNorm: 1,
  learningRate: 1e-3,
  tokensPerSecond: 1000,
  stepMs: 10,
  finite: true,
});

describe('booting', () => {
  it('opens the lab, takes the first recipe, and shows the recorded run', async () => {
    const { store } = fakePage({ fetchJson: async () => JSON.parse(JSON.stringify(fixtureRun())) });
    await store.getState().boot();
    const state = store.getState();
    expect(state.phase).toBe('open');
    expect(state.draft.name).toBe('extend-base');
    expect(viewedRun(state)?.origin).toBe('recorded');
    expect(viewedRun(state)?.series.validationsOf('long')).toHaveLength(11);
    expect(state.problems).toEqual([]);
  });

  it('is blocked with a cause, and still shows the recorded run', async () => {
    const { store, lab } = fakePage({
      inspectGpu: async () => ({ cause: 'no-adapter' }),
      fetchJson: async () => fixtureRun(),
    });
    await store.getState().boot();
    expect(store.getState().gate.cause).toBe('no-adapter');
    expect(lab.calls).toEqual([]);
    expect(viewedRun(store.getState())?.summary.id).toBe('recorded');
    expect(store.getState().draft.rope_parameters.rope_theta).toBe(500_000);
  });

  it('reports a worker that cannot open the GPU', async () => {
    const { store, lab } = fakePage();
    lab.failing = { name: 'open', message: 'no adapter in the worker' };
    await store.getState().boot();
    expect(store.getState().gate.cause).toBe('open-failed');
    expect(store.getState().problems[0].message).toBe('no adapter in the worker');
  });

  it('refuses a recorded run that is not one', async () => {
    const { store } = fakePage({ fetchJson: async () => ({ version: 2 }) });
    await store.getState().boot();
    expect(store.getState().problems[0].message).toMatch(/recorded run: expected version/);
    expect(store.getState().runOrder).toEqual([]);
  });
});

describe('training', () => {
  it('makes a run of the draft with the first press and keeps it with the second', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    await store.getState().train();
    await store.getState().pause();
    await store.getState().train();
    expect(lab.calls.filter((call) => call === 'create')).toHaveLength(1);
    expect(activeRun(store.getState())?.summary.status).toBe('training');
  });

  it('appends records to the run they belong to', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    await store.getState().train();
    lab.emit([step(1), step(2)]);
    lab.emit([step(3)]);
    const run = activeRun(store.getState());
    expect([...(run?.series.loss.view() ?? [])]).toEqual([3.99, 3.98, 3.97]);
    expect(run?.revision).toBe(2);
  });

  it('replaces a run that has not begun when the draft changed, and never one that has', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    await store.getState().startNew();
    store.getState().edit((draft) => void (draft.seed = 9));
    await store.getState().train();
    expect(activeRun(store.getState())?.recipe.seed).toBe(9);
    store.getState().edit((draft) => void (draft.seed = 10));
    await store.getState().pause();
    await store.getState().train();
    expect(activeRun(store.getState())?.recipe.seed).toBe(9);
    expect(lab.calls.filter((call) => call === 'create')).toHaveLength(2);
  });

  it('keeps a failure in the status bar until it is dismissed', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    lab.failing = { name: 'create', message: 'does not fit' };
    await store.getState().train();
    const [problem] = store.getState().problems;
    expect(problem.message).toBe('does not fit');
    expect(store.getState().busy).toBeUndefined();
    store.getState().dismiss(problem.id);
    expect(store.getState().problems).toEqual([]);
  });

  it('says why a run stopped', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    await store.getState().train();
    lab.become('failed', 'the loss is not finite');
    expect(store.getState().problems[0].message).toBe('the loss is not finite');
  });

  it('resets to a run with a new id and keeps the old one', async () => {
    const { store } = fakePage();
    await store.getState().boot();
    await store.getState().train();
    const before = store.getState().activeId;
    await store.getState().reset();
    expect(store.getState().activeId).not.toBe(before);
    expect(store.getState().runOrder).toHaveLength(2);
  });
});

describe('live knobs and forks', () => {
  it('applies the live part of the changes and leaves the rest pending', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    await store.getState().train();
    store.getState().edit((draft) => {
      draft.optimizer.learning_rate = 1e-4;
      draft.rope_parameters.rope_theta = 1e6;
    });
    await store.getState().applyLive();
    expect(lab.applied).toEqual({ learningRate: 1e-4 });
    expect(store.getState().pendingChanges()).toEqual([{ path: 'rope_parameters.rope_theta', from: 500_000, to: 1e6 }]);
    lab.become('paused');
    expect(activeRun(store.getState())?.recipe.optimizer.learning_rate).toBe(1e-4);
  });

  it('gives a source that left the mix no more tokens', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    await store.getState().train();
    store.getState().edit((draft) => void (draft.data.sources = [{ name: 'books', share: 1 }]));
    await store.getState().applyLive();
    expect(lab.applied?.shares).toEqual({ books: 1, 'keyed-facts': 0 });
    expect(store.getState().pendingChanges()).toEqual([]);
  });

  it('forks into a child that becomes active and viewed', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    await store.getState().train();
    const parent = store.getState().activeId;
    store.getState().edit((draft) => void (draft.rope_parameters.rope_theta = 1e6));
    expect(await store.getState().fork({ moments: 'reset', schedule: 'restart', warmupSteps: 5 })).toBe(true);
    const child = activeRun(store.getState());
    expect(child?.summary.parent?.id).toBe(parent);
    expect(store.getState().viewedId).toBe(child?.summary.id);
    expect(lab.forkOptions?.warmupSteps).toBe(5);
    expect(store.getState().pendingChanges()).toEqual([]);
  });
});

describe('a lost device', () => {
  it('offers to continue and takes the recovered run', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    await store.getState().train();
    lab.onEvent({ type: 'device-lost', message: 'gone', checkpointStep: 40 });
    expect(store.getState().deviceLost?.checkpointStep).toBe(40);
    await store.getState().recover();
    expect(store.getState().deviceLost).toBeUndefined();
  });

  it('restarts with a new worker, and runs of the old one can only be viewed', async () => {
    const page = fakePage();
    await page.store.getState().boot();
    await page.store.getState().train();
    await page.store.getState().restart();
    expect(page.terminated).toBe(1);
    expect(activeRun(page.store.getState())).toBeUndefined();
    expect(viewedRun(page.store.getState())?.origin).toBe('ended');
  });
});

describe('tuning', () => {
  it('is shown until it is over, and can be skipped', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    lab.onEvent({ type: 'tuning', done: 2, total: 9, what: 'flash_forward rows-4' });
    expect(store.getState().tuning).toEqual({ done: 2, total: 9, what: 'flash_forward rows-4' });
    await store.getState().skipTuning();
    expect(lab.calls).toContain('skipTuning');
    expect(store.getState().tuning).toBeUndefined();
  });
});

describe('a profile', () => {
  it('needs a run, and says so', async () => {
    const { store, lab } = fakePage();
    expect(profileObstacle(store.getState())).toMatch(/GPU/);
    await store.getState().boot();
    expect(profileObstacle(store.getState())).toMatch(/run/);
    await store.getState().profile();
    expect(lab.calls).not.toContain('profile');
  });

  it('is kept with the step it was taken at, also while the run trains', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    await store.getState().train();
    lab.emit([step(1), step(2)]);
    expect(profileObstacle(store.getState())).toBeUndefined();
    const done = store.getState().profile();
    expect(store.getState().profiling).toBe(true);
    await done;
    expect(store.getState().profiled).toMatchObject({ runName: 'extend-base', step: 2, profile: { tokens: 4096 } });
    expect(store.getState().profiling).toBe(false);
  });

  it('that fails is reported, and the one before stays', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    await store.getState().step();
    await store.getState().profile();
    const before = store.getState().profiled;
    lab.failing = { name: 'profile', message: 'the GPU was lost' };
    await store.getState().profile();
    expect(store.getState().problems[0].message).toBe('the GPU was lost');
    expect(store.getState()).toMatchObject({ profiled: before, profiling: false });
  });
});

describe('samples', () => {
  it('streams text into the newest sample', async () => {
    const { store } = fakePage();
    await store.getState().boot();
    const seen: string[] = [];
    store.subscribe(({ samples }) => seen.push(samples[0]?.text ?? ''));
    await store.getState().generate({ prompt: 'a', maxNewTokens: 2, temperature: 0, topK: 0, seed: 1 });
    expect(seen).toContain('one ');
    expect(store.getState().samples[0]).toMatchObject({ text: 'one two', step: 0 });
    expect(store.getState().generating).toBeUndefined();
  });
});

describe('interventions and sweeps', () => {
  it('begin a run where there is none, and keep what was measured, newest first', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    await store.getState().intervene({ kind: 'layer', layer: 0 });
    await store.getState().intervene({ kind: 'head', layer: 0, head: 1 });
    expect(lab.calls).toContain('create');
    expect(store.getState().effects.map(({ intervention }) => intervention.kind)).toEqual(['head', 'layer']);
    expect(store.getState().intervening).toBe(false);
  });

  it('sweep the base evenly on its log axis, and report what fails', async () => {
    const { store, lab } = fakePage();
    await store.getState().boot();
    await store.getState().sweepEncoding('rope_theta');
    const { sweep } = store.getState();
    expect(sweep?.values).toEqual([1000, 4220, 17_800, 75_000, 316_000, 1_330_000, 5_620_000, 23_700_000, 100_000_000]);
    expect(sweep?.scores).toHaveLength(9);
    lab.failing = { name: 'sweepEncodings', message: 'no such base' };
    await store.getState().sweepEncoding('rope_theta');
    expect(store.getState().sweeping).toBe(false);
    expect(JSON.stringify(store.getState().problems)).toContain('no such base');
  });
});

describe('shipped studies', () => {
  const files: Record<string, unknown> = {
    'studies/index.json': {
      version: 1,
      studies: [
        { study: 'a', scale: 'nano', title: 'A', source: 'Table 1', question: 'Why?' },
        { study: 'b', scale: 'nano', title: 'B', source: 'Table 2', question: 'How?', finding: 'So.', folder: 'b-nano' },
      ],
    },
    'studies/b-nano/plan.json': [{ id: 'x-s1', arm: 'x', seed: 1, recipe: { ...FIXTURE_RECIPE, name: 'From a study' } }],
  };

  it('open at the first that was run, and put a run’s recipe into the knobs', async () => {
    const { store } = fakePage({ fetchJson: async (path: string) => files[path] });
    await store.getState().boot();
    await store.getState().openStudies();
    expect(store.getState().study?.folder).toBe('b-nano');
    store.getState().loadStudyRecipe('x-s1');
    expect(store.getState().draft.name).toBe('From a study');
    expect(store.getState().tab).toBe('lab');
  });

  it('are none where the page ships none, and a broken index is reported', async () => {
    const none = fakePage();
    await none.store.getState().openStudies();
    expect(none.store.getState().studies).toEqual([]);
    const broken = fakePage({ fetchJson: async () => ({ version: 2 }) });
    await broken.store.getState().openStudies();
    expect(JSON.stringify(broken.store.getState().problems)).toContain('studies/index.json');
  });
});

describe('dropped files', () => {
  it('become a source with a free name and no share yet', async () => {
    const { store } = fakePage();
    await store.getState().boot();
    await store.getState().addFiles([new File(['text'], 'books.txt')]);
    expect(store.getState().facts?.sources.map(({ name }) => name)).toEqual(['books', 'books-2']);
    expect(store.getState().draft.data.sources.at(-1)).toEqual({ name: 'books-2', share: 0 });
  });
});
