import type { Batch } from '../core/batch';
import type { AssetReader } from '../core/ports';
import type { Recipe } from '../core/recipe';
import type { ProbeTaskName } from '../core/records';
import { type Corpus, loadCorpusIndex, type TokenDocument, type TokenSource } from '../data/corpus';
import { createDataStream, type DataStream, type Shares } from '../data/dataStream';
import { loadCorpusFor, openSource } from '../data/sources';
import type { AnswerProbe } from '../data/synthetic/answerProbe';
import { PROBE_TASKS } from '../data/synthetic/probeTasks';
import type { Tokenizer } from '../data/tokenizer';
import { validationWindows } from '../data/validation';

/** Fixed seed of validation windows and probes: the same text for every run, whatever its seed. */
const HELD_OUT_SEED = 0;

/** A corpus under one tokenizer, ready to be drawn from: training rows, fixed validation windows, retrieval probes. */
export class Dataset {
  private constructor(
    readonly tokenizer: Tokenizer,
    readonly corpus: Corpus,
    /** Names of the visitor's own sources. */
    private readonly own: ReadonlySet<string>,
  ) {}

  /**
   * Loads every shipped document source, so that validation covers the same texts for every mix, and adds the visitor's own. A tokenizer
   * that has no shipped shards encodes the text here, which takes a while.
   */
  static async load(assets: AssetReader, tokenizer: Tokenizer, own: readonly TokenSource[]): Promise<Dataset> {
    const { sources } = await loadCorpusIndex(assets);
    const names = sources.map(({ name }) => name);
    const corpus = await loadCorpusFor(assets, tokenizer, names);
    const ownNames = new Set(own.map(({ name }) => name));
    return new Dataset(tokenizer, { ...corpus, sources: [...corpus.sources, ...own] }, ownNames);
  }

  /**
   * Sources with held-out text that a mix is judged on, in corpus order: all that ship, and the visitor's own where the mix names them,
   * so that files added later do not change what an earlier run's mean is a mean of.
   */
  validationSources(mix: readonly { name: string }[] = []): string[] {
    const counts = (name: string) => !this.own.has(name) || mix.some((source) => source.name === name);
    return this.corpus.sources.filter(({ name, validation }) => validation.length > 0 && counts(name)).map(({ name }) => name);
  }

  stream(shares: Shares, seed: number): DataStream {
    const documents = this.documents('train');
    const sources = Object.keys(shares).map((name) => openSource(name, this.corpus, this.tokenizer, documents));
    return createDataStream({ sources, shares, seed });
  }

  validation(source: string, rows: number, length: number): Batch {
    return validationWindows(this.corpus, source, rows, length, HELD_OUT_SEED);
  }

  /** Questions of one task on held-out text. */
  questions(task: ProbeTaskName, rows: number, length: number): AnswerProbe {
    return PROBE_TASKS[task]({
      tokenizer: this.tokenizer,
      documents: this.documents('validation'),
      rows,
      length,
      seed: HELD_OUT_SEED,
    });
  }

  private documents(split: 'train' | 'validation'): TokenDocument[] {
    return this.corpus.sources.flatMap((source) => source[split]);
  }
}

/** Source name to share of tokens, as the recipe states it. */
export function sharesOf(recipe: Recipe): Shares {
  return Object.fromEntries(recipe.data.sources.map(({ name, share }) => [name, share]));
}
