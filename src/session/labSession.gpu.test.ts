import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord, StepRecord } from '../core/records';
import type { LabEvent } from './api';
import { LabSession } from './labSession';
import { tinyRecipe as recipe } from './testing/tinyRecipe';

class Lab {
  readonly events: LabEvent[] = [];
  /** Every device the session has asked for. */
  readonly devices: GPUDevice[] = [];
  readonly session = new LabSession({
    gpu: this.watchedGpu(),
    createAssets: () => ({ read: async (path) => new Uint8Array(await readFile(`public/${path}`)) }),
  });

  static async open(): Promise<Lab> {
    const lab = new Lab();
    await lab.session.open('', (event) => lab.events.push(event));
    return lab;
  }

  records(runId: string): RunRecord[] {
    return this.events.flatMap((event) => (event.type === 'records' && event.runId === runId ? event.records : []));
  }

  steps(runId: string): StepRecord[] {
    return this.records(runId).filter((record) => record.type === 'step');
  }

  /** Trains the active run to its end. */
  async finish(runId: string): Promise<void> {
    await this.session.train();
    await expect.poll(() => this.status(runId), { timeout: 60_000, interval: 20 }).toMatch(/finished|failed/);
    expect(this.status(runId)).toBe('finished');
  }

  status(runId: string): string | undefined {
    return this.events.filter((event) => event.type === 'run').findLast(({ run }) => run.id === runId)?.run.status;
  }

  private watchedGpu(): GPU {
    const requestAdapter = async (options?: GPURequestAdapterOptions) => {
      const adapter = await navigator.gpu.requestAdapter(options);
      const requestDevice = adapter?.requestDevice.bind(adapter);
      if (adapter && requestDevice)
        adapter.requestDevice = async (descriptor) => {
          const device = await requestDevice(descriptor);
          this.devices.push(device);
          return device;
        };
      return adapter;
    };
    return { requestAdapter } as GPU;
  }
}

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open();
});

const losses = (runId: string) => lab.steps(runId).map(({ loss }) => loss);

describe('a run', () => {
  it('trains through its stages with validation, attention and retrieval on the way', async () => {
    const run = await lab.session.create(recipe);
    expect(run.plan.stages.map((stage) => stage.sequenceLength)).toEqual([64, 128]);
    await lab.finish(run.id);
    const records = lab.records(run.id);
    expect(lab.steps(run.id).map((step) => step.sequenceLength)).toEqual([64, 64, 64, 64, 128, 128, 128, 128]);
    expect(lab.steps(run.id).at(-1)?.loss).toBeLessThan(lab.steps(run.id)[0].loss);
    const kinds = new Set(records.map((record) => (record.type === 'validation' ? `${record.kind} validation` : record.type)));
    expect([...kinds].sort()).toEqual(['attention', 'long validation', 'note', 'retrieval', 'short validation', 'step']);
    for (const record of records) {
      if (record.type !== 'attention') continue;
      for (let row = 0; row < record.layers * record.heads; row++) {
        const mass = record.histogram.slice(row * record.bins, (row + 1) * record.bins).reduce((a, b) => a + b, 0);
        expect(mass).toBeCloseTo(1, 4);
      }
    }
  });

  it('gives the same bits twice', async () => {
    const first = await lab.session.create(recipe);
    await lab.finish(first.id);
    const second = await lab.session.reset();
    await lab.finish(second.id);
    expect(losses(second.id)).toEqual(losses(first.id));
    const text = async () =>
      (await lab.session.generate({ prompt: 'The', maxNewTokens: 12, temperature: 1, topK: 0, seed: 5 }, () => {})).text;
    expect(await text()).toBe(await text());
  });

  it('goes on after a pause and a step as if it had not stopped', async () => {
    const whole = await lab.session.create(recipe);
    await lab.finish(whole.id);
    const stopped = await lab.session.create(recipe);
    await lab.session.step();
    await lab.session.step();
    await lab.session.train();
    await lab.session.pause();
    expect(losses(stopped.id)).toEqual(losses(whole.id).slice(0, losses(stopped.id).length));
    await lab.finish(stopped.id);
    expect(losses(stopped.id)).toEqual(losses(whole.id));
  });
});

describe('an intervention', () => {
  it('changes losses and answers, and nothing of the run: it goes on to the same bits', async () => {
    const whole = await lab.session.create(recipe);
    await lab.finish(whole.id);
    const asked = await lab.session.create(recipe);
    for (let i = 0; i < 5; i++) await lab.session.step();
    const [short] = lab
      .records(whole.id)
      .flatMap((record) => (record.type === 'validation' && record.step === 4 ? [record] : []));
    for (const intervention of [
      { kind: 'head', layer: 1, head: 0 },
      { kind: 'layer', layer: 0 },
      { kind: 'band', from: 0, to: 4 },
      { kind: 'cut', context: 16 },
    ] as const) {
      const { losses: both, answers, step } = await lab.session.intervene(intervention);
      expect(step).toBe(5);
      expect(both.map(({ kind, length }) => [kind, length])).toEqual([
        ['short', 64],
        ['long', 128],
      ]);
      for (const { whole: before, without } of both) {
        expect(Math.abs(before - short.loss)).toBeLessThan(0.5);
        expect(without).not.toBe(before);
      }
      expect(answers.map(({ task }) => task)).toEqual(['keyed-facts']);
    }
    await expect(lab.session.intervene({ kind: 'layer', layer: 7 })).rejects.toThrow(/layer from 0 to 1, got 7/);
    await lab.finish(asked.id);
    expect(losses(asked.id)).toEqual(losses(whole.id));
  });
});

describe('a sweep of the encoding', () => {
  it('reads the same weights under other bases, its own among them, and leaves the run alone', async () => {
    const whole = await lab.session.create(recipe);
    await lab.finish(whole.id);
    const asked = await lab.session.create(recipe);
    for (let i = 0; i < 4; i++) await lab.session.step();
    await lab.session.probe();
    const own = lab
      .records(asked.id)
      .flatMap((record) => (record.type === 'validation' && record.step === 4 ? [record.loss] : []));
    const seen: number[][] = [];
    await lab.session.sweepEncodings(
      [100, 10_000, 1e6].map((rope_theta) => ({ rope_type: 'default', rope_theta }) as const),
      (at, { losses: scored }) => {
        seen[at] = scored.map(({ loss }) => loss);
      },
    );
    expect(seen[1]).toEqual(own.slice(-2));
    expect(seen[0]).not.toEqual(seen[1]);
    expect(seen[2]).not.toEqual(seen[1]);
    const xpos = { rope_type: 'xpos', rope_theta: 100, scale_base: 512 } as const;
    await expect(lab.session.sweepEncodings([xpos], () => {})).rejects.toThrow(/shared as those of default.*got xpos/);
    await lab.finish(asked.id);
    expect(losses(asked.id)).toEqual(losses(whole.id));
  });
});

describe('a run that another takes the place of', () => {
  it('stops, keeps its state, and goes on where it stood when it is active again', async () => {
    const first = await lab.session.create(recipe);
    await lab.session.train();
    await expect.poll(() => lab.steps(first.id).length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
    const second = await lab.session.create(recipe);
    expect(lab.status(first.id)).toBe('paused');
    await lab.finish(second.id);
    await lab.session.activate(first.id);
    await lab.finish(first.id);
    expect(losses(first.id)).toEqual(losses(second.id));
  });
});

describe('a fork', () => {
  const keep = { moments: 'keep', schedule: 'continue', warmupSteps: 0 } as const;

  it('that changes nothing equals the parent continued', async () => {
    const parent = await lab.session.create(recipe);
    for (let i = 0; i < 3; i++) await lab.session.step();
    const child = await lab.session.fork(recipe, keep);
    expect(child.parent).toMatchObject({ id: parent.id, step: 3 });
    await lab.finish(child.id);
    await lab.session.activate(parent.id);
    await lab.finish(parent.id);
    expect(losses(child.id)).toEqual(losses(parent.id).slice(3));
  });

  it('of another base starts from the same weights and departs', async () => {
    const parent = await lab.session.create(recipe);
    for (let i = 0; i < 3; i++) await lab.session.step();
    const child = await lab.session.fork({ ...recipe, rope_parameters: { rope_type: 'default', rope_theta: 500_000 } }, keep);
    await lab.finish(child.id);
    expect(lab.steps(child.id)[0].step).toBe(4);
    expect(losses(child.id)[0]).not.toBe(losses(parent.id)[2]);
  });

  it('is refused for another model, and the parent goes on', async () => {
    const parent = await lab.session.create(recipe);
    await lab.session.step();
    const wider = { ...recipe, model: { shape: { ...recipe.model.shape, hidden_size: 64 } } };
    await expect(lab.session.fork(wider, keep)).rejects.toThrow(/weights cannot be carried over/);
    await lab.session.step();
    expect(lab.steps(parent.id)).toHaveLength(2);
  });
});

describe('knobs and bad input', () => {
  it('act at the next step and are recorded', async () => {
    const run = await lab.session.create(recipe);
    await lab.session.step();
    await lab.session.applyLive({ learningRate: 1e-4, shares: { books: 1, copy: 0 } });
    await lab.session.step();
    await lab.session.pause();
    expect(lab.steps(run.id)[1].learningRate).toBeCloseTo(1e-4, 9);
    expect(lab.records(run.id).filter((record) => record.type === 'note')).toHaveLength(1);
  });

  it('leave the running experiment alone when refused', async () => {
    const run = await lab.session.create(recipe);
    await lab.session.step();
    const broken = { ...recipe, data: { sources: [{ name: 'poems', share: 1 }] } };
    await expect(lab.session.create(broken)).rejects.toThrow(/poems/);
    await expect(lab.session.applyLive({ shares: { poems: 1 } })).rejects.toThrow(/poems/);
    await expect(lab.session.create({ ...recipe, optimizer: {} })).rejects.toThrow(/optimizer\.learning_rate/);
    await lab.session.step();
    expect(lab.steps(run.id)).toHaveLength(2);
  });

  it('stop at the last good step when the loss is no longer finite', async () => {
    const run = await lab.session.create({ ...recipe, optimizer: { ...recipe.optimizer, learning_rate: 1e30, warmup_steps: 0 } });
    await lab.session.train();
    await expect.poll(() => lab.status(run.id), { timeout: 60_000, interval: 20 }).toBe('failed');
    const last = lab
      .records(run.id)
      .filter((record) => record.type === 'note')
      .at(-1);
    expect(last).toMatchObject({ kind: 'stop' });
  });
});

it('pauses before the first step without measuring twice what it begins with', async () => {
  const run = await lab.session.create(recipe);
  await lab.session.train();
  await lab.session.pause();
  expect(lab.status(run.id)).toBe('paused');
  expect(lab.steps(run.id)).toEqual([]);
  await lab.finish(run.id);
  const atStart = lab.records(run.id).filter((record) => record.type === 'validation' && record.step === 0);
  expect(atStart).toHaveLength(2);
});

it('profiles the next step and leaves the run as it was', async () => {
  const plain = await lab.session.create(recipe);
  await lab.finish(plain.id);
  const profiled = await lab.session.create(recipe);
  for (let step = 0; step < 5; step++) await lab.session.step();
  const profile = await lab.session.profile();
  await lab.finish(profiled.id);
  expect(losses(profiled.id)).toEqual(losses(plain.id));
  expect(profile).toMatchObject({ sequenceLength: 128, tokens: 256, submits: 1 });
  expect(profile.kernels.reduce((sum, { calls }) => sum + calls, 0)).toBe(profile.dispatches);
  expect(profile.kernels.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(profile.kernelMs, 6);
  expect(profile.timeline.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(profile.kernelMs, 6);
  expect([...new Set(profile.timeline.map(({ phase }) => phase))]).toEqual(['forward', 'loss', 'backward', 'optimizer']);
  expect(profile.mfu).toBeGreaterThan(0);
  expect(profile.hfu).toBeGreaterThan(profile.mfu);
});

it('says when the device is lost and goes on from the last checkpoint', async () => {
  const other = await Lab.open();
  const run = await other.session.create(recipe);
  await other.session.step();
  await other.session.pause();
  other.devices[0].destroy();
  await expect.poll(() => other.events.some((event) => event.type === 'device-lost'), { timeout: 10_000 }).toBe(true);
  const recovered = await other.session.recover();
  expect(recovered?.id).toBe(run.id);
  await other.session.step();
  expect(other.steps(run.id).map(({ step }) => step)).toEqual([1, 2]);
});
