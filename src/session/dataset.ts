import type { Batch } from '../core/batch';
import { InputError } from '../core/errors';
import type { AssetReader } from '../core/ports';
import type { Recipe } from '../core/recipe';
import { type Corpus, loadCorpus, loadCorpusIndex, type TokenDocument, type TokenSource } from '../data/corpus';
import { createDataStream, type DataStream, type Shares } from '../data/dataStream';
import { documentRows } from '../data/documentRows';
import type { RowSource } from '../data/rowSource';
import { copyRows } from '../data/synthetic/copySpans';
import { keyedFactRows } from '../data/synthetic/keyedFacts';
import { type RetrievalProbe, retrievalProbe } from '../data/synthetic/retrievalProbe';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer';
import { validationWindows } from '../data/validation';

/** Sources that make their rows; the text around what they plant comes from the corpus. */
export const GENERATORS = {
  'keyed-facts': {
    title: 'Keyed facts',
    description: 'Facts planted in natural text and asked for again later; the answer counts.',
    rows: keyedFactRows,
  },
  copy: { title: 'Copy', description: 'A span that comes again after a gap; the repeat counts.', rows: copyRows },
} as const;

function isGenerator(name: string): name is keyof typeof GENERATORS {
  return Object.hasOwn(GENERATORS, name);
}

/** Fixed seed of validation windows and probes: the same text for every run, whatever its seed. */
const HELD_OUT_SEED = 0;

/** A corpus under one tokenizer, ready to be drawn from: training rows, fixed validation windows, retrieval probes. */
export class Dataset {
  private constructor(
    readonly tokenizer: Tokenizer,
    readonly corpus: Corpus,
  ) {}

  /** Loads every shipped document source, so that validation covers the same texts for every mix, and adds the visitor's own. */
  static async load(assets: AssetReader, tokenizerName: string, own: readonly TokenSource[]): Promise<Dataset> {
    const [tokenizer, index] = await Promise.all([loadTokenizer(assets, tokenizerName), loadCorpusIndex(assets)]);
    const corpus = await loadCorpus(
      assets,
      tokenizerName,
      index.sources.map(({ name }) => name),
    );
    return new Dataset(tokenizer, { ...corpus, sources: [...corpus.sources, ...own] });
  }

  /** Names that have held-out text, in corpus order. */
  get validationSources(): string[] {
    return this.corpus.sources.filter(({ validation }) => validation.length > 0).map(({ name }) => name);
  }

  stream(shares: Shares, seed: number): DataStream {
    return createDataStream({ sources: Object.keys(shares).map((name) => this.rows(name)), shares, seed });
  }

  validation(source: string, rows: number, length: number): Batch {
    return validationWindows(this.corpus, source, rows, length, HELD_OUT_SEED);
  }

  retrieval(rows: number, length: number): RetrievalProbe {
    return retrievalProbe({
      tokenizer: this.tokenizer,
      documents: this.documents('validation'),
      rows,
      length,
      seed: HELD_OUT_SEED,
    });
  }

  private rows(name: string): RowSource {
    if (isGenerator(name)) return GENERATORS[name].rows(this.tokenizer, this.documents('train'), name);
    const source = this.corpus.sources.find((candidate) => candidate.name === name);
    if (!source)
      throw new InputError(
        'data mix',
        `one of ${[...this.corpus.sources.map((s) => s.name), ...Object.keys(GENERATORS)].join(', ')}`,
        name,
        'fix data.sources in the recipe, or add the files of that source first',
      );
    return documentRows(name, source.train, this.tokenizer.bosId);
  }

  private documents(split: 'train' | 'validation'): TokenDocument[] {
    return this.corpus.sources.flatMap((source) => source[split]);
  }
}

/** Source name to share of tokens, as the recipe states it. */
export function sharesOf(recipe: Recipe): Shares {
  return Object.fromEntries(recipe.data.sources.map(({ name, share }) => [name, share]));
}
