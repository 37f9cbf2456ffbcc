import type { PeerName } from '../libraries/registry';
import type { AdapterKind } from './browser';
import { Contestant } from './contestant';
import { LEAST_ROUNDS, type Options } from './options';

/** Steps whose losses must agree before any step is timed; they also compile and fill caches. */
export const CHECKED_STEPS = 3;

/** Largest difference of a loss from Ropewalk's, as a share of it. */
export const LOSS_TOLERANCE = 1e-3;

/** Where contests are held, and who has dropped out of an earlier, shorter one. */
export interface Arena {
  url: string;
  adapter: AdapterKind;
  failedBefore: Map<PeerName, string>;
}

/**
 * Holds the contest at one length: each library alone in its browser makes the checked steps; then those whose losses agree make timed
 * steps in turn, so that whatever else the machine does falls on all of them.
 * @param onChecked is given the losses before any time exists.
 */
export async function contest(
  arena: Arena,
  length: number,
  { peers, rounds, budgetMs, limitMs }: Options,
  onChecked: (contestants: readonly Contestant[]) => void,
): Promise<Contestant[]> {
  const contestants = peers.map((name) => new Contestant(name));
  try {
    for (const contestant of contestants) {
      const failure = arena.failedBefore.get(contestant.name);
      if (failure) await contestant.dropOut({ status: 'not run', reason: failure });
      else await contestant.open(arena.url, arena.adapter, length);
      for (let step = 0; step < CHECKED_STEPS; step++) await contestant.checkedStep(limitMs);
    }
    const [ropewalk, ...others] = contestants;
    for (const other of others) await disqualifyUnequal(other, ropewalk);
    onChecked(contestants);
    const started = performance.now();
    for (let round = 0; round < rounds; round++) {
      if (round >= LEAST_ROUNDS && performance.now() - started > budgetMs) break;
      for (const contestant of contestants) await contestant.timedStep(limitMs);
    }
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.close()));
  }
  for (const { name, dropout } of contestants)
    if (dropout?.status === 'failed') arena.failedBefore.set(name, `failed at ${length} tokens: ${dropout.reason}`);
  return contestants;
}

/** Largest relative difference of the checked losses; NaN where one is not a number or was not reached. */
export function lossDifference(contestant: Contestant, reference: Contestant): number {
  return Math.max(
    ...reference.checkedLosses.map((expected, i) => Math.abs((contestant.checkedLosses[i] ?? Number.NaN) - expected) / expected),
  );
}

/** Another loss is another step: its time would mean nothing. */
async function disqualifyUnequal(contestant: Contestant, reference: Contestant): Promise<void> {
  if (contestant.dropout) return;
  if (reference.dropout) {
    await contestant.dropOut({ status: 'not run', reason: 'Ropewalk has no losses to compare with' });
    return;
  }
  const difference = lossDifference(contestant, reference);
  // Said this way round, a NaN is a difference too.
  if (!(difference <= LOSS_TOLERANCE))
    await contestant.dropOut({ status: 'losses differ', reason: `by ${(100 * difference).toPrecision(3)} % from Ropewalk's` });
}
