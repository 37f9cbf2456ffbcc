import type { Recipe } from './recipe';

/**
 * What a run leaves behind, as plain data. The same records cross from the worker to the page, are written as JSONL by the headless
 * runner and make up a recorded run, so all three are drawn by the same code. Losses are nats per token unless the name says otherwise.
 */

/** Where a record lies on each of the axes a curve may be drawn over. */
export interface Progress {
  /** Optimizer steps done. */
  step: number;
  /** Training tokens seen. */
  tokens: number;
  /** Causal-exact model FLOPs spent on training. */
  flops: number;
  /** Seconds of training, pauses and probes left out. */
  seconds: number;
}

export interface StepRecord extends Progress {
  type: 'step';
  stage: number;
  sequenceLength: number;
  loss: number;
  /** Global gradient norm before clipping. */
  gradNorm: number;
  learningRate: number;
  tokensPerSecond: number;
  stepMs: number;
  /** False where a gradient was not finite and the optimizer left the weights alone. */
  finite: boolean;
}

/** Loss on fixed held-out windows of one length. `short` is the base's context, `long` the longest stage's. */
export interface ValidationRecord extends Progress {
  type: 'validation';
  kind: 'short' | 'long';
  length: number;
  loss: number;
  bitsPerByte: number;
  sources: { source: string; loss: number; bitsPerByte: number; tokens: number }[];
  byPosition: PositionBin[];
}

/** Mean loss of targets whose context c = i - doc_start + 1 lies in [from, to). */
export interface PositionBin {
  from: number;
  to: number;
  loss: number;
  /** Standard error of the mean over windows; 0 where there is one window. */
  standardError: number;
  tokens: number;
}

/** Attention of every layer and head over the fixed probe batch; arrays are (layers, heads) and (layers, heads, bins), row-major. */
export interface AttentionRecord extends Progress {
  type: 'attention';
  length: number;
  layers: number;
  heads: number;
  queries: number;
  /** Log2 bins of i - j: [0] [1] [2-3] [4-7] …; the number of bins covers `length`. */
  bins: number;
  /** Mean attention mass per bin; sums to 1 over bins. */
  histogram: number[];
  meanDistance: number[];
  /** Ratio of sums over j > doc_start. */
  meanDistanceWithoutFirst: number[];
  /** Mean mass outside the document's first token. */
  retainedMass: number[];
  /** Nats. */
  entropy: number[];
  /** Mean attention on the document's first token. */
  firstTokenMass: number[];
  /** The same quantities for a head that attends evenly to all it may see. */
  uniform: {
    meanDistance: number;
    meanDistanceWithoutFirst: number;
    entropy: number;
    firstTokenMass: number;
    histogram: number[];
  };
}

/** Questions with one right answer, asked on held-out text. */
export const PROBE_TASK_NAMES = ['keyed-facts', 'first-sentence', 'passkey'] as const;
export type ProbeTaskName = (typeof PROBE_TASK_NAMES)[number];

/** Loss on an answer, against how far back the text tells it (keyed facts) or how long the text is (other tasks). */
export interface RetrievalRecord extends Progress {
  type: 'retrieval';
  /** Absent from older records, which are of keyed facts. */
  task?: ProbeTaskName;
  length: number;
  points: {
    /** Tokens from telling to answer, or of the whole text. */
    distance: number;
    /** Nats per answer token, and the same with what tells it taken out. */
    answerLoss: number;
    controlLoss: number;
    /** Share of answers whose every token was the most likely one. */
    exactMatch: number;
    /** Share of answers that were the value of some fact of the row; absent from older records. */
    classMatch?: number;
    /** ROUGE-L, 0 to 100, of what the model wrote itself; only where it was asked to. */
    rougeL?: number;
    answers: number;
  }[];
}

/** Something that happened to a run: a live knob turned, a stage switch, a stop and its reason, a variant that gave wrong results here. */
export interface NoteRecord extends Progress {
  type: 'note';
  kind: 'live' | 'stage' | 'fork' | 'stop' | 'resume' | 'tuning';
  text: string;
}

export type RunRecord = StepRecord | ValidationRecord | AttentionRecord | RetrievalRecord | NoteRecord;

/** What happens at a fork. Defaults: moments kept, schedule continued, the rest of the parent's tokens. */
export interface ForkOptions {
  moments: 'keep' | 'reset';
  schedule: 'continue' | 'restart';
  /** Warm-up steps of a restarted schedule. */
  warmupSteps: number;
  /** Tokens the child may spend; default what the parent had left. */
  tokenBudget?: number;
}

export type RunStatus = 'ready' | 'training' | 'paused' | 'finished' | 'failed';

export interface RunSummary {
  id: string;
  name: string;
  recipe: Recipe;
  status: RunStatus;
  /** Why a failed run stopped. */
  reason?: string;
  parent?: { id: string; step: number; options: ForkOptions };
  plan: RunPlan;
  adapter: string;
  /** Kernel variant by operation. */
  variants: Record<string, string>;
  /** What the adapter gets for this model where nothing has been timed; absent from older records. */
  defaultVariants?: Record<string, string>;
  /** ISO date. */
  createdAt: string;
  /** Progress at which the run starts: zero, or its fork point. */
  start: Progress;
}

export interface StagePlan {
  sequenceLength: number;
  /** Optimizer steps of the stage. */
  steps: number;
  tokens: number;
  rowsPerStep: number;
  microBatches: number;
  /** Causal-exact model FLOPs, forward and backward. */
  flopsPerStep: number;
  /** What the kernels execute, recomputation included. */
  hardwareFlopsPerStep: number;
  dispatchesPerStep: number;
  submitsPerStep: number;
  bytes: Record<string, number>;
  totalBytes: number;
}

/** All that is known of a run before anything is allocated. */
export interface RunPlan {
  parameters: number;
  stages: StagePlan[];
  steps: number;
  tokens: number;
  flops: number;
  hardwareFlops: number;
  /** The same tokens at the longest length from the first step on. */
  longFromStartFlops: number;
  /** Bytes by purpose of what the run holds, and their sum; stages, validation and probes share one arena. */
  bytes: Record<string, number>;
  totalBytes: number;
  /** Of any one binding, which may be a window on a larger buffer. */
  largestBindingBytes: number;
  largestBufferBytes: number;
}

/** A run with its records: what `public/recorded/*.json` holds and a shared run file will. */
export interface RecordedRun {
  version: 1;
  run: RunSummary;
  records: RunRecord[];
}
