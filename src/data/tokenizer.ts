import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { InputError } from '../core/errors';
import type { AssetReader } from '../core/ports';

/** Text to token ids and back. `encode` never adds BOS or EOS: rows do. */
export interface Tokenizer {
  readonly name: string;
  readonly vocabSize: number;
  readonly bosId: number;
  readonly eosId: number;
  /** Bytes of text each id stands for, 0 for special tokens; turns nats per token into bits per byte. */
  readonly tokenBytes: Uint8Array;
  /** 1 for ids whose text begins with a space or line break, so that text can be cut before them without splitting a word. */
  readonly startsWord: Uint8Array;
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
}

/** Reads only the fields that the wrapper itself needs; the library reads the rest. */
interface TokenizerJson {
  model: { vocab: Record<string, number> };
  added_tokens?: { id: number; content: string; special: boolean }[];
  pre_tokenizer?: object | null;
}

const BYTE_COUNT = 256;

/** Spellings of a leading space or line break: byte-level (`Ġ`, `Ċ`) and SentencePiece (`▁`, `<0x0A>`). */
const WORD_START = /^(?:[ĠĊ▁]|<0x0A>)/;

/** One token per byte, ids 0..255, then bos 256 and eos 257. */
export function bytesTokenizer(): Tokenizer {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const tokenBytes = new Uint8Array(BYTE_COUNT + 2).fill(1, 0, BYTE_COUNT);
  const startsWord = new Uint8Array(BYTE_COUNT + 2);
  for (const blank of encoder.encode(' \n')) startsWord[blank] = 1;
  return {
    name: 'bytes',
    vocabSize: BYTE_COUNT + 2,
    bosId: BYTE_COUNT,
    eosId: BYTE_COUNT + 1,
    tokenBytes,
    startsWord,
    encode: (text) => [...encoder.encode(text)],
    decode: (ids) => decoder.decode(Uint8Array.from(ids.filter((id) => id < BYTE_COUNT))),
  };
}

/** The tokenizer of any folder that holds `tokenizer.json` and `tokenizer_config.json`, given as parsed JSON. */
export function tokenizerFromJson(name: string, json: unknown, config: unknown): Tokenizer {
  const file = checkedJson(name, json);
  let inner: HuggingFaceTokenizer;
  try {
    inner = new HuggingFaceTokenizer(file, config as object);
  } catch (error) {
    throw new InputError(`tokenizer ${name}`, 'a tokenizer.json of a supported kind', String(error), 'use a BPE tokenizer');
  }
  const tokens = Object.entries(file.model.vocab);
  const special = new Set((file.added_tokens ?? []).filter((token) => token.special).map((token) => token.id));
  const vocabSize = 1 + Math.max(...tokens.map(([, id]) => id), ...(file.added_tokens ?? []).map((token) => token.id));
  const tokenBytes = new Uint8Array(vocabSize);
  const isByteLevel = JSON.stringify(file.pre_tokenizer ?? null).includes('"ByteLevel"');
  const startsWord = new Uint8Array(vocabSize);
  for (const [token, id] of tokens) {
    if (special.has(id)) continue;
    tokenBytes[id] = spelledBytes(token, isByteLevel);
    startsWord[id] = Number(WORD_START.test(token));
  }
  return {
    name,
    vocabSize,
    bosId: specialId(name, inner, config, 'bos_token'),
    eosId: specialId(name, inner, config, 'eos_token'),
    tokenBytes,
    startsWord,
    encode: (text) => (text ? inner.encode(text, { add_special_tokens: false }).ids : []),
    decode: (ids) => (ids.length ? inner.decode([...ids], { skip_special_tokens: true }) : ''),
  };
}

/** A shipped tokenizer by name: `bytes`, or a folder under `tokenizers/`. */
export async function loadTokenizer(assets: AssetReader, name: string): Promise<Tokenizer> {
  if (name === 'bytes') return bytesTokenizer();
  const read = async (file: string) => JSON.parse(new TextDecoder().decode(await assets.read(`tokenizers/${name}/${file}`)));
  return tokenizerFromJson(name, await read('tokenizer.json'), await read('tokenizer_config.json'));
}

function checkedJson(name: string, json: unknown): TokenizerJson {
  const vocab = (json as TokenizerJson | null)?.model?.vocab;
  if (typeof vocab !== 'object' || vocab === null || Array.isArray(vocab))
    throw new InputError(`tokenizer ${name}`, 'a tokenizer.json with model.vocab as a map', typeof vocab, 'use a BPE tokenizer');
  return json as TokenizerJson;
}

/** Length in bytes of a token's spelling: one per character if byte-level, else UTF-8 with `▁` for a space and `<0x0A>` for a byte. */
function spelledBytes(token: string, isByteLevel: boolean): number {
  if (isByteLevel) return [...token].length;
  if (/^<0x[0-9A-F]{2}>$/.test(token)) return 1;
  return new TextEncoder().encode(token.replaceAll('▁', ' ')).length;
}

function specialId(name: string, inner: HuggingFaceTokenizer, config: unknown, field: 'bos_token' | 'eos_token'): number {
  const value = (config as Record<string, unknown> | null)?.[field];
  const content = typeof value === 'object' && value !== null && 'content' in value ? value.content : value;
  const id = typeof content === 'string' ? inner.token_to_id(content) : undefined;
  if (id === undefined)
    throw new InputError(
      `tokenizer ${name}`,
      `tokenizer_config.json to name a ${field} of the vocabulary`,
      content,
      `add ${field}`,
    );
  return id;
}
