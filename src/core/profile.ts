/** What an adapter can do at best, measured: the roof that kernels are held against. */
export interface AdapterPeak {
  /** Multiply-adds in registers, float32. */
  fmaGflopsPerSecond: number;
  /** Bytes read plus bytes written by a buffer copy. */
  copyGigabytesPerSecond: number;
}

/** An operation's calls over one step, added up. */
export interface KernelTime {
  /** The dispatch label's part before the shape: `matmul_nt.o_proj`. */
  kernel: string;
  calls: number;
  ms: number;
  flops: number;
  /** Least bytes that must move: each operand once. */
  bytes: number;
  gflopsPerSecond: number;
  gigabytesPerSecond: number;
  /** Of the adapter's measured multiply-add peak, 0…1. */
  shareOfPeak: number;
  /** Of its measured copy bandwidth. */
  shareOfBandwidth: number;
}

/** A stretch of the step's timeline: neighbouring calls of one operation. */
export interface TimelineSpan {
  kernel: string;
  /** From the step's first kernel, in the sum of kernel times. */
  startMs: number;
  ms: number;
  /** The program it belongs to: forward, loss, backward, optimizer. */
  phase: 'forward' | 'loss' | 'backward' | 'optimizer';
}

/** One optimizer step under the clock. */
export interface StepProfile {
  sequenceLength: number;
  /** Tokens of one step. */
  tokens: number;
  /** A whole step, submitted as in training. */
  stepMs: number;
  /** Sum of the kernels' own times. */
  kernelMs: number;
  /** How kernels were timed: the GPU's timestamps, or the wall clock round each call. */
  clock: 'timestamps' | 'wall';
  dispatches: number;
  submits: number;
  longestDispatchMs: number;
  longestSubmitMs: number;
  kernels: KernelTime[];
  timeline: TimelineSpan[];
  peak: AdapterPeak;
  /** Causal-exact model FLOPs of the step (6 N s + 6 L d s²). */
  modelFlops: number;
  /** What the kernels execute, recomputation included. */
  hardwareFlops: number;
  /** modelFlops and hardwareFlops per second of stepMs, over the measured multiply-add peak. */
  mfu: number;
  hfu: number;
}
