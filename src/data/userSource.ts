import { InputError } from '../core/errors';
import type { TokenArray, TokenDocument, TokenSource } from './corpus';
import { type EncodeOptions, encodeText } from './encodeText';
import type { Tokenizer } from './tokenizer';

export interface UserFile {
  name: string;
  text: string;
}

interface TextDocument {
  title: string;
  text: string;
}

/** Share of the documents (of a single document: of its tokens) held out for validation, taken from the end. */
const HELD_OUT = 0.1;

/**
 * A source from the user's own files: a .txt file is one document, a .jsonl file one per line (`{"text": "..."}`). All files
 * are checked before any is encoded, so a bad line changes nothing.
 */
export async function userSource(
  name: string,
  files: readonly UserFile[],
  tokenizer: Tokenizer,
  options: EncodeOptions = {},
): Promise<TokenSource> {
  const texts = files.flatMap(readDocuments).filter(({ text }) => text.trim() !== '');
  if (texts.length === 0)
    throw new InputError(`source ${name}`, 'files with some text', 'none', 'choose .txt or .jsonl files with text');
  const documents: TokenDocument[] = [];
  let done = 0;
  for (const { title, text } of texts) {
    const onProgress = (characters: number) => options.onProgress?.(done + characters);
    documents.push({ title, ids: await encodeText(tokenizer, text, { signal: options.signal, onProgress }) });
    done += text.length;
  }
  return { name, ...heldOut(name, documents) };
}

function readDocuments({ name, text }: UserFile): TextDocument[] {
  const extension = name.toLowerCase().split('.').at(-1);
  if (extension === 'txt') return [{ title: name, text: text.replaceAll('\r\n', '\n') }];
  if (extension === 'jsonl') return readJsonLines(name, text);
  throw new InputError('your files', '.txt or .jsonl files', name, 'convert it, or leave it out');
}

function readJsonLines(name: string, text: string): TextDocument[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const title = `${name}, line ${i + 1}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw new InputError(title, 'one JSON object', (error as Error).message, 'fix the line or remove it');
    }
    const content = (value as { text?: unknown } | null)?.text;
    if (typeof content !== 'string')
      throw new InputError(title, 'a "text" field with a string', line, 'fix the line or remove it');
    return [{ title, text: content }];
  });
}

function heldOut(name: string, documents: TokenDocument[]): Pick<TokenSource, 'train' | 'validation'> {
  if (documents.length === 1) return heldOutTokens(name, documents[0]);
  const count = Math.max(1, Math.floor(documents.length * HELD_OUT));
  return { train: documents.slice(0, -count), validation: documents.slice(-count) };
}

function heldOutTokens(name: string, { title, ids }: TokenDocument): Pick<TokenSource, 'train' | 'validation'> {
  const count = Math.max(1, Math.floor(ids.length * HELD_OUT));
  if (ids.length < 2) throw new InputError(`source ${name}`, 'at least 2 tokens of text', ids.length, 'add text');
  const part = (partIds: TokenArray): TokenDocument[] => [{ title, ids: partIds }];
  return { train: part(ids.subarray(0, -count)), validation: part(ids.subarray(-count)) };
}
