import { describe, expect, it } from 'vitest';
import { causeOf, GATE_MESSAGES, inspectGpu } from './gpuGate';

const withAdapter = { requestAdapter: async () => ({}) };

describe('the gate', () => {
  it.each([
    ['insecure-context', { isSecureContext: false, gpu: withAdapter }],
    ['no-webgpu', { isSecureContext: true, gpu: undefined }],
    ['no-adapter', { isSecureContext: true, gpu: { requestAdapter: async () => null } }],
    [undefined, { isSecureContext: true, gpu: withAdapter }],
  ])('finds %s', async (cause, environment) => {
    expect(await inspectGpu(environment)).toEqual({ cause });
  });

  it('tells a worker without a GPU from other failures', () => {
    expect(causeOf(Object.assign(new Error('no adapter'), { name: 'UnsupportedDeviceError' }))).toBe('no-worker-gpu');
    expect(causeOf(new Error('404'))).toBe('open-failed');
  });

  it('has something to do for every cause', () => {
    for (const { advice } of Object.values(GATE_MESSAGES)) expect(advice.length).toBeGreaterThan(0);
  });
});
