import type { Intervention, InterventionEffect, Scores } from '../../core/intervention';
import type { RopeParameters } from '../../core/positionEncoding';
import { parseRecipe, type Recipe } from '../../core/recipe';
import type { ForkOptions, RunRecord, RunStatus, RunSummary } from '../../core/records';
import type { LabClient } from '../../worker/client';
import type { LabApi, LabEvent, LabFacts, LiveChanges } from '../../worker/protocol';
import { createLabStore, type LabStore } from '../labStore';
import type { GateReport } from '../page/gpuGate';
import type { StorePorts } from '../page/ports';
import { fixtureProfile } from './profileFixture';
import { FIXTURE_RECIPE, fixtureSummary, progressAt } from './recordedFixture';

/** A lab without a GPU for tests of the store: it keeps runs and answers at once; a test says what it trains. */
export class FakeLab implements LabApi {
  onEvent: (event: LabEvent) => void = () => {};
  calls: string[] = [];
  applied: LiveChanges | undefined;
  forkOptions: ForkOptions | undefined;
  /** The next call of this name rejects with this message. */
  failing: { name: string; message: string } | undefined;
  private active: RunSummary | undefined;
  private made = 0;

  async open(_assetsBase: string, onEvent: (event: LabEvent) => void): Promise<LabFacts> {
    this.note('open');
    this.onEvent = onEvent;
    return FACTS;
  }

  async plan() {
    this.note('plan');
    return fixtureSummary().plan;
  }

  async create(recipe: unknown) {
    this.note('create');
    return this.adopt(this.summary(parseRecipe(recipe)));
  }

  async train() {
    this.note('train');
    this.become('training');
  }

  async pause() {
    this.note('pause');
    this.become('paused');
  }

  async step() {
    this.note('step');
    this.become('paused');
  }

  async reset() {
    this.note('reset');
    return this.adopt(this.summary(this.running().recipe));
  }

  async intervene(intervention: Intervention): Promise<InterventionEffect> {
    this.note('intervene');
    return { intervention, step: 0, losses: [{ kind: 'short', length: 128, whole: 3, without: 3.5 }], answers: [] };
  }

  async sweepEncodings(encodings: readonly RopeParameters[], onScores: (at: number, scores: Scores) => void) {
    this.note('sweepEncodings');
    encodings.forEach((_, at) => {
      onScores(at, { losses: [{ kind: 'long', length: 1024, loss: 4 - at }], answers: [] });
    });
  }

  async applyLive(changes: LiveChanges) {
    this.note('applyLive');
    this.applied = changes;
  }

  async fork(recipe: unknown, options: ForkOptions) {
    this.note('fork');
    this.forkOptions = options;
    const { id } = this.running();
    return this.adopt({ ...this.summary(parseRecipe(recipe)), parent: { id, step: 10, options }, start: progressAt(10) });
  }

  async activate(runId: string) {
    this.note('activate');
    return this.adopt({ ...this.running(), id: runId });
  }

  async skipTuning() {
    this.note('skipTuning');
    this.onEvent({ type: 'tuning', done: 1, total: 1, what: '' });
  }

  async profile() {
    this.note('profile');
    return fixtureProfile();
  }

  async probe() {
    this.note('probe');
  }

  async generate(_options: unknown, onText: (text: string) => void) {
    this.note('generate');
    onText('one ');
    onText('two');
    return { text: 'one two', newTokens: 2, tokensPerSecond: 50, stopped: 'length' as const };
  }

  async cancelGenerate() {
    this.note('cancelGenerate');
  }

  async addSource(name: string, _files: unknown, onProgress: (share: number) => void) {
    this.note('addSource');
    onProgress(1);
    return {
      name,
      title: name,
      description: '',
      licence: 'yours',
      kind: 'user' as const,
      trainTokens: 100,
      validationTokens: 10,
    };
  }

  async recover() {
    this.note('recover');
    return this.active;
  }

  /** Sends records of the active run, as the worker does while it trains. */
  emit(records: RunRecord[]): void {
    this.onEvent({ type: 'records', runId: this.running().id, records });
  }

  become(status: RunStatus, reason?: string): void {
    this.active = { ...this.running(), status, reason };
    this.onEvent({ type: 'run', run: this.active });
  }

  private running(): RunSummary {
    if (!this.active) throw new Error('no active run');
    return this.active;
  }

  private adopt(run: RunSummary): RunSummary {
    this.active = run;
    return run;
  }

  private summary(recipe: Recipe): RunSummary {
    return fixtureSummary({ id: `run-${++this.made}`, name: recipe.name, recipe, status: 'ready' });
  }

  private note(name: string): void {
    this.calls.push(name);
    if (this.failing?.name !== name) return;
    const { message } = this.failing;
    this.failing = undefined;
    throw new Error(message);
  }
}

export const FACTS: LabFacts = {
  adapter: {
    name: 'Fake',
    vendor: 'test',
    architecture: 'none',
    isSoftware: false,
    features: [],
    limits: {},
    flopsPerSecond: 1e12,
  },
  sources: [
    {
      name: 'books',
      title: 'Books',
      description: 'Whole books.',
      licence: 'CC0',
      kind: 'documents',
      trainTokens: 2e6,
      validationTokens: 1e5,
    },
  ],
  checkpoints: [
    {
      name: 'base',
      title: 'Base',
      parameters: 917_000,
      contextLength: 256,
      tokenizer: 'bpe-1024',
      config: {
        model_type: 'llama',
        vocab_size: 1024,
        hidden_size: 128,
        intermediate_size: 352,
        num_hidden_layers: 4,
        num_attention_heads: 4,
        num_key_value_heads: 2,
        head_dim: 32,
      },
    },
  ],
  tokenizers: [{ name: 'bpe-1024', vocabSize: 1024 }],
  recipes: [FIXTURE_RECIPE, { ...FIXTURE_RECIPE, name: 'short', seed: 7 }],
};

export interface FakePage {
  store: LabStore;
  lab: FakeLab;
  /** The address bar. */
  hash: { value: string };
  terminated: number;
}

/** A store over a fake lab; `part` replaces ports. */
export function fakePage(part: Partial<StorePorts> = {}): FakePage {
  const lab = new FakeLab();
  const page: FakePage = { store: undefined as unknown as LabStore, lab, hash: { value: '' }, terminated: 0 };
  const client: LabClient = { api: lab, terminate: () => page.terminated++ };
  page.store = createLabStore({
    assetsBase: 'https://lab.test/',
    inspectGpu: async (): Promise<GateReport> => ({ cause: undefined }),
    spawnLab: () => client,
    fetchJson: async () => undefined,
    readHash: () => page.hash.value,
    writeHash: (hash) => {
      page.hash.value = hash;
    },
    ...part,
  });
  return page;
}
