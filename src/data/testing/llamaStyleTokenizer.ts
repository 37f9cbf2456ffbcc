import { type Tokenizer, tokenizerFromJson } from '../tokenizer';

/** A Llama-style (SentencePiece) tokenizer: a space before every text, `▁` for spaces, bytes for what has no token. */
export function llamaStyleTokenizer(): Tokenizer {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...'▁abcdefghijklmnopqrstuvwxyz.', '▁a', 'on', '▁on', 'th', '▁th'];
  const special = (content: string, id: number) => ({ id, content, special: true, normalized: false });
  const json = {
    added_tokens: ['<unk>', '<s>', '</s>'].map(special),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: ['▁ a', 'o n', '▁ on', 't h', '▁ th'],
    },
  };
  return tokenizerFromJson('llama', json, {
    bos_token: '<s>',
    eos_token: { content: '</s>' },
    clean_up_tokenization_spaces: false,
  });
}
