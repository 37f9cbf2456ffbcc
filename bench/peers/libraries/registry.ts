import type { Peer } from './peer';

/** Every library by its name, loaded when asked for: after the page has wrapped WebGPU, and alone in its page. */
export const PEERS = {
  Ropewalk: async (): Promise<Peer> => (await import('./ropewalk')).ropewalk,
  'jax-js': async (): Promise<Peer> => (await import('./jax')).jax,
  'TF.js': async (): Promise<Peer> => (await import('./tfjs')).tfjs,
  'webgpu-llm': async (): Promise<Peer> => (await import('./webgpuLlm')).webgpuLlm,
};

export type PeerName = keyof typeof PEERS;
