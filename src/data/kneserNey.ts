import type { TokenDocument } from './corpus';

/**
 * Interpolated Kneser-Ney (Chen & Goodman 1999, equations 17-20) of order 2, with its lower orders: what a table of pairs
 * knows about a text. A trained model must be well below the bigram figure, or it has not learnt to use context.
 */
export interface KneserNeyLosses {
  /** Mean nats per token of the held-out documents. */
  bigram: number;
  unigram: number;
  /** ln V: every token equally likely. */
  uniform: number;
}

/** Held-out losses of tables counted on `train`. Each document begins after BOS, as rows do. */
export function kneserNeyLosses(options: {
  train: readonly TokenDocument[];
  validation: readonly TokenDocument[];
  vocabSize: number;
  bosId: number;
}): KneserNeyLosses {
  const tables = countTables(options.train, options.vocabSize, options.bosId);
  const unigram = discounted(tables.tokenCounts);
  const continuation = discounted(tables.contextsOf);
  const discount = discountOf(tables.pairCounts.values());
  const uniform = 1 / options.vocabSize;

  const bigramProbability = (context: number, token: number) => {
    const lower = continuation(token, uniform);
    const total = tables.contextCounts[context];
    if (total === 0) return lower;
    const count = tables.pairCounts.get(context * options.vocabSize + token) ?? 0;
    return (Math.max(count - discount, 0) + discount * tables.followersOf[context] * lower) / total;
  };

  let bigramNats = 0;
  let unigramNats = 0;
  let tokens = 0;
  for (const { ids } of options.validation) {
    let context = options.bosId;
    for (const token of ids) {
      bigramNats -= Math.log(bigramProbability(context, token));
      unigramNats -= Math.log(unigram(token, uniform));
      context = token;
    }
    tokens += ids.length;
  }
  return { bigram: bigramNats / tokens, unigram: unigramNats / tokens, uniform: Math.log(options.vocabSize) };
}

interface Tables {
  /** (V): occurrences of each token. */
  tokenCounts: Uint32Array;
  /** (V): occurrences of each token as a context. */
  contextCounts: Uint32Array;
  /** Key context * V + token. */
  pairCounts: Map<number, number>;
  /** (V): distinct tokens seen after a context. */
  followersOf: Uint32Array;
  /** (V): distinct contexts seen before a token; Kneser and Ney's lower-order count. */
  contextsOf: Uint32Array;
}

function countTables(documents: readonly TokenDocument[], vocabSize: number, bosId: number): Tables {
  const counts = () => new Uint32Array(vocabSize);
  const tables: Tables = {
    tokenCounts: counts(),
    contextCounts: counts(),
    pairCounts: new Map(),
    followersOf: counts(),
    contextsOf: counts(),
  };
  for (const { ids } of documents) {
    let context = bosId;
    for (const token of ids) {
      const pair = context * vocabSize + token;
      const seen = tables.pairCounts.get(pair) ?? 0;
      if (seen === 0) {
        tables.followersOf[context]++;
        tables.contextsOf[token]++;
      }
      tables.pairCounts.set(pair, seen + 1);
      tables.contextCounts[context]++;
      tables.tokenCounts[token]++;
      context = token;
    }
  }
  return tables;
}

/** Probability of a token from a table of counts, absolutely discounted and interpolated with `lower`. */
function discounted(counts: Uint32Array): (token: number, lower: number) => number {
  const discount = discountOf(counts);
  let total = 0;
  let distinct = 0;
  for (const count of counts) {
    total += count;
    if (count > 0) distinct++;
  }
  if (total === 0) return (_token, lower) => lower;
  return (token, lower) => (Math.max(counts[token] - discount, 0) + discount * distinct * lower) / total;
}

/** n1 / (n1 + 2 n2), from how many entries were seen once and twice; 1/2 where a table is too small to tell. */
function discountOf(counts: Iterable<number>): number {
  let once = 0;
  let twice = 0;
  for (const count of counts) {
    if (count === 1) once++;
    if (count === 2) twice++;
  }
  return once > 0 && twice > 0 ? once / (once + 2 * twice) : 0.5;
}
