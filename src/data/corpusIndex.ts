import { InputError } from '../core/errors';
import { inputErrorFrom } from '../core/recipe';
import { z } from '../core/zod';

/** Path of the index below the assets' root; every other path in it is relative to its folder. */
export const CORPUS_INDEX_PATH = 'corpus/index.json';

const count = z.number().int().min(0);

const tokenizerSchema = z.strictObject({ name: z.string(), vocab_size: count, bos_id: count, eos_id: count });

const documentSchema = z.strictObject({
  title: z.string(),
  split: z.enum(['train', 'validation']),
  /** UTF-8 length of the text. */
  bytes: count,
  /** Tokens per tokenizer name; a document's offset in a shard is the sum of those before it. */
  tokens: z.record(z.string(), count),
});

const fileSchema = z.strictObject({
  tokenizer: z.string(),
  path: z.string(),
  /** Little-endian ids: bytes where the vocabulary's text tokens fit, else 16 bit. */
  dtype: z.enum(['u8', 'u16']),
  tokens: count,
  /** Length and SHA-256 of the **decompressed** ids: some web servers unpack .gz files on the way. */
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  compressed_bytes: count,
});

const sourceSchema = z.strictObject({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  licence: z.string(),
  /** Package and version the texts came from. */
  provenance: z.string(),
  documents: z.array(documentSchema).min(1),
  files: z.array(fileSchema).min(1),
});

const corpusIndexSchema = z.strictObject({
  version: z.literal(1),
  notice: z.string(),
  tokenizers: z.array(tokenizerSchema).min(1),
  sources: z.array(sourceSchema).min(1),
});

export type CorpusIndex = z.infer<typeof corpusIndexSchema>;
export type CorpusIndexSource = z.infer<typeof sourceSchema>;
export type CorpusIndexFile = z.infer<typeof fileSchema>;

/** Parses the bytes of `index.json`, whole or not at all. */
export function parseCorpusIndex(bytes: Uint8Array): CorpusIndex {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new InputError(CORPUS_INDEX_PATH, 'JSON', String(error), 'build the corpus again');
  }
  const result = corpusIndexSchema.safeParse(value);
  if (!result.success) throw inputErrorFrom(CORPUS_INDEX_PATH, result.error);
  return result.data;
}
