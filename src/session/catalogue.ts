import { InputError } from '../core/errors';
import { parameterCount } from '../core/modelConfig';
import type { AssetReader } from '../core/ports';
import { inputErrorFrom, parseRecipe, type Recipe } from '../core/recipe';
import { z } from '../core/zod';
import { loadCorpusIndex } from '../data/corpus';
import { SYNTHETIC_TASKS } from '../data/sources';
import { bytesTokenizer, loadTokenizer, type Tokenizer } from '../data/tokenizer';
import { hfConfigJson } from '../interchange/hfConfig';
import type { CheckpointSummary, SourceSummary } from './api';
import { type LoadedCheckpoint, loadCheckpoint, loadCheckpointConfig } from './checkpointFiles';

const modelsSchema = z.object({ version: z.literal(1), models: z.array(z.object({ name: z.string(), title: z.string() })) });
const recipesSchema = z.object({ version: z.literal(1), recipes: z.array(z.string()) });

/** What ships with the lab: models, tokenizers, recipes and sources, each loaded once when it is first asked for. */
export class Catalogue {
  private readonly checkpoints = new Map<string, Promise<LoadedCheckpoint>>();
  private readonly tokenizers = new Map<string, Promise<Tokenizer>>();

  constructor(readonly assets: AssetReader) {}

  /** A shipped model by name; loading it is remembered, failing is not. */
  checkpoint(name: string): Promise<LoadedCheckpoint> {
    if (!/^[\w-]+$/.test(name))
      throw new InputError('recipe', 'model.checkpoint to name a shipped model', name, 'choose one from the list');
    return remembered(this.checkpoints, name, () => loadCheckpoint(this.assets, `models/${name}`));
  }

  tokenizer(name: string): Promise<Tokenizer> {
    if (!/^[\w-]+$/.test(name))
      throw new InputError('recipe', 'tokenizer to name a shipped one', name, 'choose one from the list');
    return remembered(this.tokenizers, name, async () =>
      name === 'bytes' ? bytesTokenizer() : loadTokenizer(this.assets, name),
    );
  }

  async models(): Promise<CheckpointSummary[]> {
    const result = modelsSchema.safeParse(await this.json('models/index.json'));
    if (!result.success) throw inputErrorFrom('models/index.json', result.error);
    return Promise.all(
      result.data.models.map(async ({ name, title }) => {
        // Without the weights: a page that lists models must not load them all.
        const { config, tokenizer } = await loadCheckpointConfig(this.assets, `models/${name}`);
        return {
          name,
          title,
          parameters: parameterCount(config),
          contextLength: config.maxPositionEmbeddings,
          tokenizer: tokenizer ?? '',
          config: JSON.parse(hfConfigJson(config)) as Record<string, unknown>,
        };
      }),
    );
  }

  /** Shipped recipes, the default first. */
  async recipes(): Promise<Recipe[]> {
    const result = recipesSchema.safeParse(await this.json('recipes/index.json'));
    if (!result.success) throw inputErrorFrom('recipes/index.json', result.error);
    return Promise.all(result.data.recipes.map(async (file) => parseRecipe(await this.json(`recipes/${file}`))));
  }

  /** Sources that can be mixed; token counts are those under the given tokenizer. */
  async sources(tokenizerName: string): Promise<{ sources: SourceSummary[]; tokenizers: { name: string; vocabSize: number }[] }> {
    const index = await loadCorpusIndex(this.assets);
    const documents = index.sources.map(({ name, title, description, licence, documents }): SourceSummary => {
      const tokens = (split: string) =>
        documents.reduce((sum, doc) => sum + (doc.split === split ? (doc.tokens[tokenizerName] ?? 0) : 0), 0);
      return {
        name,
        title,
        description,
        licence,
        kind: 'documents',
        trainTokens: tokens('train'),
        validationTokens: tokens('validation'),
      };
    });
    const generators = Object.entries(SYNTHETIC_TASKS).map(([name, { title, description }]): SourceSummary => {
      return { name, title, description, licence: 'made by the lab', kind: 'generator', trainTokens: 0, validationTokens: 0 };
    });
    const tokenizers = index.tokenizers.map(({ name, vocab_size }) => ({ name, vocabSize: vocab_size }));
    return { sources: [...documents, ...generators], tokenizers };
  }

  private async json(path: string): Promise<unknown> {
    return JSON.parse(new TextDecoder().decode(await this.assets.read(path)));
  }
}

/** The value of a key, made once; a failure is forgotten so that the next call tries again. */
function remembered<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let value = cache.get(key);
  if (!value) {
    value = make();
    cache.set(key, value);
    value.catch(() => cache.delete(key));
  }
  return value;
}
