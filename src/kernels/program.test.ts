import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng';
import type { Dispatch } from './dispatch';
import { mergeSlots, Program } from './program';
import { createTensor, type Storage, type Tensor } from './tensor';

/** A dispatch that touches these tensors; planning looks at nothing else. */
function touching(...tensors: Tensor[]): Dispatch {
  return {
    label: 'test.role[1]',
    shader: 'test',
    constants: {},
    tensors: Object.fromEntries(tensors.map((tensor, i) => [`t${i}`, tensor])),
    params: {},
    workgroups: [1, 1, 1],
    flops: 10,
    bytes: 100,
  };
}

const temporary = (name: string, elements: number) => createTensor(name, [elements], 'working set');

/** Sixty dispatches over forty temporaries of random sizes and lifetimes. */
function randomProgram(seed: number, outputs: number) {
  const rng = Rng.of(seed, 'program.test');
  const tensors = Array.from({ length: 40 }, (_, i) => temporary(`t${i}`, 1 + rng.integer(500)));
  const uses = tensors.map((tensor) => {
    const first = rng.integer(60);
    return { tensor, first, last: Math.min(59, first + rng.integer(12)) };
  });
  const dispatches = Array.from({ length: 60 }, (_, at) =>
    touching(...uses.filter(({ first, last }) => at === first || at === last).map(({ tensor }) => tensor)),
  );
  return { uses, dispatches, program: new Program('random', dispatches, tensors.slice(0, outputs)) };
}

describe('Program', () => {
  it.each([1, 2, 3, 4, 5])('never puts two live storages into one slot, and gives each enough room (seed %s)', (seed) => {
    const { uses, program } = randomProgram(seed, 3);
    uses.forEach(({ tensor, first, last }, i) => {
      const slot = program.slotIndex(tensor.storage)!;
      expect(program.slots[slot].bytes).toBeGreaterThanOrEqual(tensor.storage.bytes);
      uses.slice(i + 1).forEach((other, j) => {
        if (program.slotIndex(other.tensor.storage) !== slot) return;
        // The first three are outputs: they live to the end.
        const end = i < 3 ? Number.POSITIVE_INFINITY : last;
        const otherEnd = i + 1 + j < 3 ? Number.POSITIVE_INFINITY : other.last;
        expect(end < other.first || otherEnd < first, `${tensor.storage.name}, ${other.tensor.storage.name}`).toBe(true);
      });
    });
  });

  it.each([1, 2, 3])('takes less than half again the peak of live bytes, whatever the sizes (seed %s)', (seed) => {
    const { uses, program } = randomProgram(seed, 0);
    const liveBytes = (at: number) =>
      uses.filter(({ first, last }) => first <= at && at <= last).reduce((sum, { tensor }) => sum + tensor.storage.bytes, 0);
    const peak = Math.max(...Array.from({ length: 60 }, (_, at) => liveBytes(at)));
    const held = program.slots.reduce((sum, slot) => sum + slot.bytes, 0);
    expect(held).toBeGreaterThanOrEqual(peak);
    expect(held).toBeLessThan(1.5 * peak);
  });

  it('reuses a slot once its storage is dead, but never that of an output', () => {
    const [a, b, c] = [temporary('a', 8), temporary('b', 8), temporary('c', 8)];
    const dispatches = [touching(a), touching(a, b), touching(b, c)];
    const reused = new Program('reused', dispatches);
    expect(reused.slotIndex(c.storage)).toBe(reused.slotIndex(a.storage));
    expect(reused.slots).toHaveLength(2);
    const kept = new Program('kept', dispatches, [a]);
    expect(kept.slotIndex(c.storage)).not.toBe(kept.slotIndex(a.storage));
    expect(kept.slots).toHaveLength(3);
  });

  it('counts windows on one storage as that storage', () => {
    const whole = temporary('whole', 128);
    const half = { ...whole, shape: [64], offset: 64 };
    const other = temporary('other', 128);
    const program = new Program('windows', [touching(whole), touching(other), touching(half)]);
    expect(program.slotIndex(half.storage)).toBe(program.slotIndex(whole.storage));
    expect(program.slotIndex(other.storage)).not.toBe(program.slotIndex(whole.storage));
  });

  it('leaves persistent storages to their owner and adds up work', () => {
    const weights = createTensor('weights', [4], 'weights', { persistent: true });
    const program = new Program('persistent', [touching(weights, temporary('x', 4)), touching(weights)]);
    expect(program.slotIndex(weights.storage)).toBeUndefined();
    expect(program.persistentStorages()).toEqual(new Set<Storage>([weights.storage]));
    expect(program.slots).toEqual([{ bytes: 16, purpose: 'working set' }]);
    expect([program.flops, program.bytesMoved, program.uniformBytes]).toEqual([20, 200, 512]);
  });
});

describe('mergeSlots', () => {
  it('fits every program: the n-th slot is the largest n-th slot', () => {
    const [a, b, c] = [temporary('a', 100), temporary('b', 10), temporary('c', 60)];
    const wide = new Program('wide', [touching(a, b)]);
    const narrow = new Program('narrow', [touching(c, temporary('d', 50))]);
    const merged = mergeSlots([wide, narrow]);
    expect(merged.map((slot) => slot.bytes)).toEqual([400, 200]);
    for (const program of [wide, narrow])
      program.slots.forEach((slot, i) => {
        expect(merged[i].bytes).toBeGreaterThanOrEqual(slot.bytes);
      });
    expect(mergeSlots([])).toEqual([]);
  });
});
