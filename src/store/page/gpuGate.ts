/** What stands between this page and a GPU, found out before the worker starts so that each cause gets its own sentence. */
export type GateCause = 'insecure-context' | 'no-webgpu' | 'no-adapter' | 'no-worker-gpu' | 'open-failed';

export interface GateReport {
  /** undefined where training can begin. */
  cause: GateCause | undefined;
}

/** The parts of a window that matter here. */
export interface GateEnvironment {
  isSecureContext: boolean;
  gpu: { requestAdapter(): Promise<unknown> } | undefined;
}

/** `navigator.gpu` alone proves nothing: a blocked driver still has it, and only the adapter is null. */
export async function inspectGpu({ isSecureContext, gpu }: GateEnvironment): Promise<GateReport> {
  if (!isSecureContext) return { cause: 'insecure-context' };
  if (!gpu) return { cause: 'no-webgpu' };
  return { cause: (await gpu.requestAdapter()) ? undefined : 'no-adapter' };
}

/** Why the lab did not open after the page had seen an adapter. Errors cross from the worker by name. */
export function causeOf(error: unknown): GateCause {
  return error instanceof Error && error.name === 'UnsupportedDeviceError' ? 'no-worker-gpu' : 'open-failed';
}

/** What to tell the visitor, per cause. */
export const GATE_MESSAGES: Record<GateCause, { title: string; text: string; advice: string[] }> = {
  'insecure-context': {
    title: 'This address is not a secure context',
    text: 'Browsers offer WebGPU only over https or on localhost, and this page was opened in another way.',
    advice: ['Open the page over https, or on http://localhost.', 'A file:// address does not count; serve the folder instead.'],
  },
  'no-webgpu': {
    title: 'This browser has no WebGPU',
    text: 'navigator.gpu is missing, so the kernels cannot run here.',
    advice: [
      'Use Chrome or Edge 113 or later on a desktop, or Chrome 121 or later on Android.',
      'On Linux, chrome://flags/#enable-unsafe-webgpu may be needed.',
    ],
  },
  'no-adapter': {
    title: 'The browser offers no GPU adapter',
    text: 'navigator.gpu is there, but requestAdapter() returned null: the GPU or its driver is switched off or blocked.',
    advice: [
      'Turn on hardware acceleration in the browser settings and restart the browser.',
      'Look at chrome://gpu: the line WebGPU says whether the driver is blocked.',
      'On a machine without a GPU, start Chrome with --enable-unsafe-webgpu for a slow software adapter.',
    ],
  },
  'no-worker-gpu': {
    title: 'WebGPU does not reach workers in this browser',
    text: 'The page sees a GPU adapter, but the lab trains in a worker, and the worker could not open it.',
    advice: [
      'Update the browser: Chrome 113 and later offer WebGPU in dedicated workers.',
      'Look at the message below for the reason given.',
    ],
  },
  'open-failed': {
    title: 'The lab did not open',
    text: 'There is a GPU adapter, but something else failed; the message at the foot of the page says what.',
    advice: ['Try again, or reload the page.', 'If a file could not be loaded, the site is incomplete: build it again.'],
  },
};
