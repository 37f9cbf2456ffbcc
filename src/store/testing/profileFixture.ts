import type { KernelTime, StepProfile, TimelineSpan } from '../../core/profile';

/** A made-up step of the right shape, for tests of the page only: two layers, times that grow with FLOPs and bytes. */

type Call = [kernel: string, phase: TimelineSpan['phase'], gflop: number, megabytes: number];

const LAYER_FORWARD: Call[] = [
  ['rms_norm_forward.attention', 'forward', 0.001, 2],
  ['qkv_rotary.attention', 'forward', 0.2, 2.5],
  ['flash_forward.attention', 'forward', 0.3, 3],
  ['matmul_nt.o_proj', 'forward', 0.13, 2.2],
  ['swiglu_forward.mlp', 'forward', 0.7, 5],
];

const LAYER_BACKWARD: Call[] = [
  ['swiglu_backward.mlp', 'backward', 0.7, 9],
  ['matmul_tn.mlp', 'backward', 1.1, 6],
  ['attention_delta.attention', 'backward', 0.001, 4],
  ['flash_backward_dq.attention', 'backward', 0.45, 5],
  ['flash_backward_dkv.attention', 'backward', 0.6, 5],
  ['rms_norm_backward.attention', 'backward', 0.002, 3],
];

const CALLS: Call[] = [
  ['embedding_forward.tokens', 'forward', 0, 1],
  ...LAYER_FORWARD,
  ...LAYER_FORWARD,
  ['matmul_nt.lm_head', 'loss', 0.4, 4],
  ['cross_entropy.train', 'loss', 0.008, 12],
  ['matmul_nn.lm_head', 'backward', 0.4, 4],
  ...LAYER_BACKWARD,
  ...LAYER_BACKWARD,
  ['embedding_backward.tokens', 'backward', 0.0002, 1],
  ['square_sum.gradients', 'optimizer', 0.002, 4],
  ['step_finish.metrics', 'optimizer', 1e-6, 0.005],
  ['adamw.weights', 'optimizer', 0.015, 28],
];

const PEAK = { fmaGflopsPerSecond: 4000, copyGigabytesPerSecond: 200 };

export function fixtureProfile(): StepProfile {
  const msOf = ([, , gflop, megabytes]: Call) => gflop / 1.6 + megabytes / 120 + 0.01;
  const timeline: TimelineSpan[] = [];
  const kernels = new Map<string, KernelTime>();
  let startMs = 0;
  for (const call of CALLS) {
    const [kernel, phase, gflop, megabytes] = call;
    const ms = msOf(call);
    timeline.push({ kernel, phase, startMs, ms });
    startMs += ms;
    const before = kernels.get(kernel);
    kernels.set(kernel, rated(kernel, (before?.calls ?? 0) + 1, (before?.ms ?? 0) + ms, gflop * 1e9, megabytes * 1e6));
  }
  const stepMs = startMs * 1.1;
  const modelFlops = 6e9;
  const hardwareFlops = 8e9;
  const utilisation = (flops: number) => flops / (stepMs * 1e6) / PEAK.fmaGflopsPerSecond;
  return {
    sequenceLength: 1024,
    tokens: 4096,
    stepMs,
    kernelMs: startMs,
    clock: 'timestamps',
    dispatches: CALLS.length,
    submits: 1,
    longestDispatchMs: Math.max(...CALLS.map(msOf)),
    longestSubmitMs: stepMs,
    kernels: [...kernels.values()].sort((a, b) => b.ms - a.ms),
    timeline,
    peak: PEAK,
    modelFlops,
    hardwareFlops,
    mfu: utilisation(modelFlops),
    hfu: utilisation(hardwareFlops),
  };
}

function rated(kernel: string, calls: number, ms: number, flopsPerCall: number, bytesPerCall: number): KernelTime {
  const flops = calls * flopsPerCall;
  const bytes = calls * bytesPerCall;
  const gflopsPerSecond = flops / ms / 1e6;
  const gigabytesPerSecond = bytes / ms / 1e6;
  return {
    kernel,
    calls,
    ms,
    flops,
    bytes,
    gflopsPerSecond,
    gigabytesPerSecond,
    shareOfPeak: gflopsPerSecond / PEAK.fmaGflopsPerSecond,
    shareOfBandwidth: gigabytesPerSecond / PEAK.copyGigabytesPerSecond,
  };
}
