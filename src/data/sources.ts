import { InputError } from '../core/errors';
import type { AssetReader } from '../core/ports';
import { type Corpus, loadCorpus, loadCorpusIndex, type TokenDocument, type TokenSource } from './corpus';
import { documentRows } from './documentRows';
import { type EncodeOptions, encodeText } from './encodeText';
import type { RowSource } from './rowSource';
import { copyRows } from './synthetic/copySpans';
import { firstSentenceRows } from './synthetic/firstSentence';
import { inductionRows } from './synthetic/induction';
import { keyedFactRows } from './synthetic/keyedFacts';
import { passkeyRows } from './synthetic/passkey';
import { recallRows } from './synthetic/recall';
import { bytesTokenizer, type Tokenizer } from './tokenizer';

/** Sources that are generated; they plant their task into natural text. */
export const SYNTHETIC_TASKS = {
  'keyed-facts': {
    title: 'Keyed facts',
    description: 'Facts planted in natural text and asked for again later; the answers count.',
    rows: keyedFactRows,
  },
  'first-sentence': {
    title: 'First sentence',
    description: 'Stretches of text, each followed by the question for its first sentence.',
    rows: firstSentenceRows,
  },
  passkey: { title: 'Passkey', description: 'A number somewhere in a text, asked for at its end.', rows: passkeyRows },
  copy: { title: 'Copy', description: 'A span that comes again after a gap; the repeat counts.', rows: copyRows },
  recall: {
    title: 'Dense recall',
    description: 'Keyed facts and their questions without text between: what a base learns retrieval from.',
    rows: recallRows,
  },
  induction: {
    title: 'Dense induction',
    description: 'Random tokens over and over, a gap of text apart; every repeat counts.',
    rows: inductionRows,
  },
} as const;

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

function isSynthetic(name: string): name is keyof typeof SYNTHETIC_TASKS {
  return Object.hasOwn(SYNTHETIC_TASKS, name);
}

/** The rows of one source of a mix: a synthetic task over `documents`, or a source of the corpus. */
export function openSource(name: string, corpus: Corpus, tokenizer: Tokenizer, documents: readonly TokenDocument[]): RowSource {
  if (isSynthetic(name)) return SYNTHETIC_TASKS[name].rows(tokenizer, documents);
  const source = corpus.sources.find((candidate) => candidate.name === name);
  if (!source)
    throw new InputError(
      'data mix',
      `one of ${[...corpus.sources.map((candidate) => candidate.name), ...Object.keys(SYNTHETIC_TASKS)].join(', ')}`,
      name,
      'fix data.sources in the recipe, or add the files of that source first',
    );
  return documentRows(name, source.train, corpus.tokenizer.bosId);
}
