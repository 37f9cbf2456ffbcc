import { InputError } from '../core/errors';
import type { AssetReader } from '../core/ports';
import {
  CORPUS_INDEX_PATH,
  type CorpusIndex,
  type CorpusIndexFile,
  type CorpusIndexSource,
  parseCorpusIndex,
} from './corpusIndex';

/** Token ids in the narrowest type that holds them. */
export type TokenArray = Uint8Array | Uint16Array | Uint32Array;

/** A text read as a whole, as ids without BOS or EOS. */
export interface TokenDocument {
  title: string;
  ids: TokenArray;
}

/** A named set of documents, whole documents held out for validation. */
export interface TokenSource {
  name: string;
  train: TokenDocument[];
  validation: TokenDocument[];
}

export interface Corpus {
  tokenizer: { name: string; vocabSize: number; bosId: number; eosId: number };
  sources: TokenSource[];
}

/** The shipped sources `sourceNames`, in that order, as ids of one tokenizer. Shards are checked against the index before use. */
export async function loadCorpus(assets: AssetReader, tokenizerName: string, sourceNames: readonly string[]): Promise<Corpus> {
  const index = await loadCorpusIndex(assets);
  const facts = index.tokenizers.find(({ name }) => name === tokenizerName);
  if (!facts) {
    const names = index.tokenizers.map(({ name }) => name).join(', ');
    throw new InputError(
      'corpus',
      `a tokenizer of the shipped corpus (${names})`,
      tokenizerName,
      'choose one of them, or use texts of your own',
    );
  }
  const sources = sourceNames.map((name) => sourceOf(index, name));
  return {
    tokenizer: { name: facts.name, vocabSize: facts.vocab_size, bosId: facts.bos_id, eosId: facts.eos_id },
    sources: await Promise.all(sources.map((source) => loadSource(assets, source, tokenizerName))),
  };
}

/** What the shipped corpus holds: sources, licences, documents and their sizes, without any text. */
export async function loadCorpusIndex(assets: AssetReader): Promise<CorpusIndex> {
  return parseCorpusIndex(await assets.read(CORPUS_INDEX_PATH));
}

function sourceOf(index: CorpusIndex, name: string): CorpusIndexSource {
  const source = index.sources.find((candidate) => candidate.name === name);
  if (source) return source;
  const names = index.sources.map((candidate) => candidate.name).join(', ');
  throw new InputError('corpus', `a shipped source (${names})`, name, 'choose one of them');
}

async function loadSource(assets: AssetReader, source: CorpusIndexSource, tokenizerName: string): Promise<TokenSource> {
  const file = source.files.find(({ tokenizer }) => tokenizer === tokenizerName);
  if (!file) throw new InputError('corpus', `a ${tokenizerName} shard of ${source.name}`, 'none', 'build the corpus again');
  const ids = await loadShard(assets, file);
  const result: TokenSource = { name: source.name, train: [], validation: [] };
  let start = 0;
  for (const { title, split, tokens } of source.documents) {
    const end = start + tokens[tokenizerName];
    result[split].push({ title, ids: ids.subarray(start, end) });
    start = end;
  }
  if (start !== ids.length)
    throw new InputError(
      'corpus',
      `documents of ${source.name} to add up to ${ids.length} tokens`,
      start,
      'build the corpus again',
    );
  return result;
}

async function loadShard(assets: AssetReader, file: CorpusIndexFile): Promise<TokenArray> {
  const bytes = await decompressed(await assets.read(`corpus/${file.path}`), file.path);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (sha256 !== file.sha256)
    throw new InputError(
      `corpus file ${file.path}`,
      `SHA-256 ${file.sha256}`,
      sha256,
      'reload the page, or build the corpus again',
    );
  if (file.dtype === 'u8') return bytes;
  // Shards are little-endian, and so is every machine that runs WebGPU; the copy makes sure of the alignment.
  return new Uint16Array(bytes.slice().buffer);
}

/** Some servers (Vite's among them) send .gz files with `Content-Encoding: gzip`, so they may arrive unpacked already. */
async function decompressed(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw new InputError(`corpus file ${path}`, 'whole gzip data', String(error), 'reload the page; the download was cut short');
  }
}
