import { InputError } from '../core/errors';
import type { AssetReader } from '../core/ports';
import { type Corpus, loadCorpus, loadCorpusIndex, type TokenDocument, type TokenSource } from './corpus';
import { createDataStream, type DataStream } from './dataStream';
import { documentRows } from './documentRows';
import { type EncodeOptions, encodeText } from './encodeText';
import type { RowSource } from './rowSource';
import { copyRows } from './synthetic/copySpans';
import { keyedFactRows } from './synthetic/keyedFacts';
import { bytesTokenizer, type Tokenizer } from './tokenizer';

/** Sources that are generated; they plant their task into the text of the run's other sources. */
const SYNTHETIC = { 'keyed-facts': keyedFactRows, copy: copyRows } as const;
export const SYNTHETIC_SOURCES: readonly string[] = Object.keys(SYNTHETIC);

/** Text for synthetic tasks to be planted in when the mix names none. */
const DEFAULT_TEXT = 'books';

export interface RunDataOptions extends EncodeOptions {
  assets: AssetReader;
  tokenizer: Tokenizer;
  /** As in a recipe's `data.sources`: shipped sources, `keyed-facts`, `copy`, or names of `userSources`. */
  sources: readonly { name: string; share: number }[];
  seed: number;
  /** Sources from the user's own files, encoded with the same tokenizer. */
  userSources?: readonly TokenSource[];
}

export interface RunData {
  /** The text sources, with their held-out documents. */
  corpus: Corpus;
  stream: DataStream;
}

/** Everything a run needs from this room: loads or encodes the text, opens the sources and mixes them. */
export async function loadRunData(options: RunDataOptions): Promise<RunData> {
  const { tokenizer, sources, userSources = [], seed } = options;
  const own = userSources.filter(({ name }) => sources.some((source) => source.name === name));
  const shipped = sources
    .map(({ name }) => name)
    .filter((name) => !isSynthetic(name) && !own.some((source) => source.name === name));
  if (shipped.length + own.length === 0) shipped.push(DEFAULT_TEXT);
  const corpus = await loadCorpusFor(options.assets, tokenizer, shipped, options);
  corpus.sources.push(...own);
  const documents = corpus.sources.flatMap(({ train }) => train);
  const stream = createDataStream({
    sources: sources.map(({ name }) => openSource(name, corpus, tokenizer, documents)),
    shares: Object.fromEntries(sources.map(({ name, share }) => [name, share])),
    seed,
  });
  return { corpus, stream };
}

/** Shipped sources for any tokenizer: from its shards where they ship, else encoded here and now from the `bytes` shards. */
export async function loadCorpusFor(
  assets: AssetReader,
  tokenizer: Tokenizer,
  sourceNames: readonly string[],
  options: EncodeOptions = {},
): Promise<Corpus> {
  const { tokenizers } = await loadCorpusIndex(assets);
  const isShipped = tokenizers.some(({ name, vocab_size }) => name === tokenizer.name && vocab_size === tokenizer.vocabSize);
  if (isShipped) return loadCorpus(assets, tokenizer.name, sourceNames);
  const bytes = bytesTokenizer();
  const corpus = await loadCorpus(assets, bytes.name, sourceNames);
  const encode = async (documents: readonly TokenDocument[]) => {
    const encoded: TokenDocument[] = [];
    for (const { title, ids } of documents)
      encoded.push({ title, ids: await encodeText(tokenizer, bytes.decode([...ids]), options) });
    return encoded;
  };
  const sources: TokenSource[] = [];
  for (const { name, train, validation } of corpus.sources)
    sources.push({ name, train: await encode(train), validation: await encode(validation) });
  const { name, vocabSize, bosId, eosId } = tokenizer;
  return { tokenizer: { name, vocabSize, bosId, eosId }, sources };
}

function isSynthetic(name: string): name is keyof typeof SYNTHETIC {
  return SYNTHETIC_SOURCES.includes(name);
}

export function openSource(name: string, corpus: Corpus, tokenizer: Tokenizer, documents: readonly TokenDocument[]): RowSource {
  if (isSynthetic(name)) return SYNTHETIC[name](tokenizer, documents);
  const source = corpus.sources.find((candidate) => candidate.name === name);
  if (!source) throw new InputError('data sources', 'a loaded source', name, 'fix its name');
  return documentRows(name, source.train, corpus.tokenizer.bosId);
}
