import { expect, it } from 'vitest';
import type { Gpu } from './device';
import { oncePerDevice } from './oncePerDevice';

const gpuOf = () => ({ device: {} }) as Gpu;

it('measures each device once', async () => {
  let taken = 0;
  const measure = oncePerDevice(async () => ++taken);
  const [one, other] = [gpuOf(), gpuOf()];
  expect(await Promise.all([measure(one), measure(one)])).toEqual([1, 1]);
  expect(await measure(other)).toBe(2);
  expect(await measure(one)).toBe(1);
});

it('measures again what failed', async () => {
  let taken = 0;
  const measure = oncePerDevice(async () => {
    if (++taken === 1) throw new Error('lost');
    return taken;
  });
  const gpu = gpuOf();
  await expect(measure(gpu)).rejects.toThrow('lost');
  expect(await measure(gpu)).toBe(2);
});
