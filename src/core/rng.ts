/**
 * Seeded random numbers, the same on every machine: sfc32 seeded through a string hash, so that streams are named
 * ("init", "data/books") and adding one never shifts another. State is four 32-bit words and can be saved.
 */
export class Rng {
  private constructor(private state: Uint32Array<ArrayBuffer>) {}

  /** A stream of its own for (seed, name). */
  static of(seed: number, name: string): Rng {
    let hash = 0x811c9dc5 ^ seed;
    for (const byte of new TextEncoder().encode(`${name}#${seed}`)) hash = Math.imul(hash ^ byte, 0x01000193);
    const state = new Uint32Array(4);
    for (let i = 0; i < 4; i++) {
      hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) + i + 1;
      state[i] = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    }
    state[3] |= 1;
    const rng = new Rng(state);
    for (let i = 0; i < 12; i++) rng.uint32();
    return rng;
  }

  static restore(state: readonly number[]): Rng {
    return new Rng(Uint32Array.from(state));
  }

  save(): number[] {
    return [...this.state];
  }

  /** Uniform over [0, 2^32). */
  uint32(): number {
    const s = this.state;
    const sum = (s[0] + s[1] + s[3]) >>> 0;
    s[3] += 1;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + sum;
    return sum;
  }

  /** Uniform over [0, 1), 32 bits. */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** Uniform whole number in [0, below). */
  integer(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** From `least` to `most`, as likely in any octave as in another. */
  logUniform(least: number, most: number): number {
    return Math.min(most, least * Math.exp(this.uniform() * Math.log(Math.max(1, most / least))));
  }

  /** Standard normal, Box-Muller; one of the pair is used so that the state stays four words. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Fisher-Yates, in place. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }
}
