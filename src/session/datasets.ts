import { InputError } from '../core/errors';
import type { Recipe } from '../core/recipe';
import { type UserFile, userSource } from '../data/userSource';
import type { SourceSummary } from './api';
import type { Catalogue } from './catalogue';
import { Dataset, sharesOf } from './dataset';

/** The corpora of a session by tokenizer, and the visitor's own files, which are encoded for each tokenizer that needs them. */
export class Datasets {
  private readonly loaded = new Map<string, Promise<Dataset>>();
  private readonly own = new Map<string, UserFile[]>();

  constructor(private readonly catalogue: Catalogue) {}

  load(tokenizerName: string): Promise<Dataset> {
    let dataset = this.loaded.get(tokenizerName);
    if (!dataset) {
      dataset = this.open(tokenizerName);
      this.loaded.set(tokenizerName, dataset);
      dataset.catch(() => this.loaded.delete(tokenizerName));
    }
    return dataset;
  }

  /** Throws unless every source of the recipe exists and can make rows of every stage's length, and the probes can make theirs. */
  async check(recipe: Recipe, tokenizerName: string): Promise<void> {
    const dataset = await this.load(tokenizerName);
    const stream = dataset.stream(sharesOf(recipe), recipe.seed);
    const lengths = recipe.curriculum.stages.map(({ sequence_length }) => sequence_length);
    for (const length of lengths) stream.next(recipe.data.sources.length, length);
    const { retrieval_rows, retrieval_tasks } = recipe.probes;
    for (const task of retrieval_rows ? retrieval_tasks : []) dataset.questions(task, 1, Math.max(...lengths));
  }

  /** Encodes dropped files under a tokenizer and keeps them for the others. Nothing is kept when a file is refused. */
  async addSource(
    name: string,
    files: UserFile[],
    tokenizerName: string,
    onProgress: (share: number) => void,
  ): Promise<SourceSummary> {
    const { sources } = await this.catalogue.sources(tokenizerName);
    if (sources.some((source) => source.name === name) || this.own.has(name))
      throw new InputError('add source', 'a name that no other source has', name, 'rename the file');
    const tokenizer = await this.catalogue.tokenizer(tokenizerName);
    const characters = files.reduce((sum, { text }) => sum + text.length, 0);
    const source = await userSource(name, files, tokenizer, { onProgress: (done) => onProgress(done / characters) });
    this.own.set(name, files);
    this.loaded.clear();
    const tokens = (documents: readonly { ids: ArrayLike<number> }[]) => documents.reduce((sum, { ids }) => sum + ids.length, 0);
    return {
      name,
      title: name,
      description: `${files.length} of your files`,
      licence: 'yours',
      kind: 'user',
      trainTokens: tokens(source.train),
      validationTokens: tokens(source.validation),
    };
  }

  private async open(tokenizerName: string): Promise<Dataset> {
    const tokenizer = await this.catalogue.tokenizer(tokenizerName);
    const own = await Promise.all([...this.own].map(([name, files]) => userSource(name, files, tokenizer)));
    return Dataset.load(this.catalogue.assets, tokenizer, own);
  }
}
