import type { Intervention, InterventionEffect, Scores } from '../core/intervention';
import type { LiveChanges } from '../core/liveChanges';
import type { RopeParameters } from '../core/positionEncoding';
import type { StepProfile } from '../core/profile';
import type { Recipe } from '../core/recipe';
import type { ForkOptions, RunPlan, RunRecord, RunSummary } from '../core/records';

/** The session as its callers see it: types only, plain data that can cross to a worker. */

export type { LiveChanges };

export interface AdapterSummary {
  name: string;
  vendor: string;
  architecture: string;
  isSoftware: boolean;
  features: string[];
  limits: Record<string, number>;
  /** Measured by a short matmul when the lab opens; ETA before the first step rests on it. */
  flopsPerSecond: number;
}

export interface SourceSummary {
  name: string;
  title: string;
  description: string;
  licence: string;
  kind: 'documents' | 'generator' | 'user';
  trainTokens: number;
  validationTokens: number;
}

export interface CheckpointSummary {
  name: string;
  title: string;
  parameters: number;
  contextLength: number;
  tokenizer: string;
  /** The checkpoint's model in Hugging Face words, for the controls. */
  config: Record<string, unknown>;
}

/** What the page can offer, known once the lab is open. */
export interface LabFacts {
  adapter: AdapterSummary;
  sources: SourceSummary[];
  checkpoints: CheckpointSummary[];
  tokenizers: { name: string; vocabSize: number }[];
  /** Shipped recipes by name; the first is the default. */
  recipes: Recipe[];
}

export interface GenerateOptions {
  prompt: string;
  maxNewTokens: number;
  /** 0 picks the most likely token. */
  temperature: number;
  /** 0 keeps the whole vocabulary. */
  topK: number;
  seed: number;
}

export interface GenerateResult {
  text: string;
  newTokens: number;
  tokensPerSecond: number;
  /** 'context' when the model's longest plan is full. */
  stopped: 'length' | 'eos' | 'context' | 'cancelled';
}

export type LabEvent =
  | { type: 'preparing'; done: number; total: number; what: string }
  /** Kernels are being checked and timed on this adapter; `done` reaches `total` when it is over or was skipped. */
  | { type: 'tuning'; done: number; total: number; what: string }
  /** A run appeared or changed status. */
  | { type: 'run'; run: RunSummary }
  /** In order, batched to at most one message per animation frame. The receiver owns them. */
  | { type: 'records'; runId: string; records: RunRecord[] }
  /** The device is gone; `checkpointStep` says where a restart would continue, if anywhere. */
  | { type: 'device-lost'; message: string; checkpointStep: number | undefined };

export interface OpenOptions {
  /** Longest that tuning may take before a run; 0 turns it off. Default 20. */
  tuningSeconds?: number;
}

/** The worker's interface. Every method rejects with a plain Error whose message is fit to show. */
export interface LabApi {
  /** @param assetsBase absolute URL of the page's assets (a relative one would resolve under the worker's own folder). */
  open(assetsBase: string, onEvent: (event: LabEvent) => void, options?: OpenOptions): Promise<LabFacts>;
  /** Checks a recipe as a whole and says what it would take; touches nothing. */
  plan(recipe: unknown): Promise<RunPlan>;
  /** Makes a run at step 0 and makes it the active one. */
  create(recipe: unknown): Promise<RunSummary>;
  /** Trains the active run until it is paused, finished or stopped; resolves when training has begun. */
  train(): Promise<void>;
  /** Resolves when the last step is over. */
  pause(): Promise<void>;
  /** One optimizer step. */
  step(): Promise<void>;
  /** Back to the active run's start, as a run of the same recipe with a new id. */
  reset(): Promise<RunSummary>;
  applyLive(changes: LiveChanges): Promise<void>;
  /** A child of the active run at its current step, under another recipe; it becomes the active one. */
  fork(recipe: unknown, options: ForkOptions): Promise<RunSummary>;
  /** Makes an earlier run of this session active again, at its kept checkpoint. */
  activate(runId: string): Promise<RunSummary>;
  /** Ends tuning now: operations that were not reached keep their default variant. */
  skipTuning(): Promise<void>;
  /** Times the active run's next step kernel by kernel; its weights stay as they are. */
  profile(): Promise<StepProfile>;
  /** Runs the probes now, on the active run's weights. */
  probe(): Promise<void>;
  /** Losses and answers of the active run with and without a part of its model; its weights stay as they are. */
  intervene(intervention: Intervention): Promise<InterventionEffect>;
  /** The active run's weights as they are, under other encodings of its kind: no training, no fork. Scores come one by one. */
  sweepEncodings(encodings: readonly RopeParameters[], onScores: (at: number, scores: Scores) => void): Promise<void>;
  /** Streams text from the active run's weights between steps. */
  generate(options: GenerateOptions, onText: (text: string) => void): Promise<GenerateResult>;
  cancelGenerate(): Promise<void>;
  /** Turns dropped .txt or .jsonl files into a data source, whole or not at all. */
  addSource(name: string, files: { name: string; text: string }[], onProgress: (share: number) => void): Promise<SourceSummary>;
  /** After a lost device: a new one, at the last checkpoint. */
  recover(): Promise<RunSummary | undefined>;
}
