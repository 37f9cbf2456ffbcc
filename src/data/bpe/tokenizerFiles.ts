import { BYTE_CHARACTERS } from './byteLevel';
import type { Merge } from './train';

/** The two files that Hugging Face readers (and @huggingface/tokenizers) need, as JSON values. */
export interface TokenizerFiles {
  /** tokenizer.json */
  tokenizer: object;
  /** tokenizer_config.json */
  config: object;
}

export const BOS_TOKEN = '<|bos|>';
export const EOS_TOKEN = '<|eos|>';

/** Files of a byte-level BPE tokenizer: ids are bos, eos, the 256 bytes, then one per merge. */
export function bpeTokenizerFiles(merges: readonly Merge[]): TokenizerFiles {
  const tokens = [BOS_TOKEN, EOS_TOKEN, ...BYTE_CHARACTERS, ...merges.map(([left, right]) => left + right)];
  return tokenizerFiles(tokens, merges);
}

/** Files of the `bytes` tokenizer: ids 0..255 are byte values, then bos and eos. Made for export; the lab itself needs no file. */
export function bytesTokenizerFiles(): TokenizerFiles {
  return tokenizerFiles([...BYTE_CHARACTERS, BOS_TOKEN, EOS_TOKEN], []);
}

function tokenizerFiles(tokens: readonly string[], merges: readonly Merge[]): TokenizerFiles {
  const bosId = tokens.indexOf(BOS_TOKEN);
  const added = [BOS_TOKEN, EOS_TOKEN].map((content) => ({
    id: tokens.indexOf(content),
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: BOS_TOKEN, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [
        { SpecialToken: { id: BOS_TOKEN, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: BOS_TOKEN, type_id: 1 } },
        { Sequence: { id: 'B', type_id: 1 } },
      ],
      special_tokens: { [BOS_TOKEN]: { id: BOS_TOKEN, ids: [bosId], tokens: [BOS_TOKEN] } },
    },
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      // Joined with a space: every version of the Rust library reads that form, pairs only the newer ones.
      merges: merges.map((merge) => merge.join(' ')),
    },
  };
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: BOS_TOKEN,
    eos_token: EOS_TOKEN,
    add_prefix_space: false,
    // Absent means true in older readers, and then decoding drops the space before a comma.
    clean_up_tokenization_spaces: false,
    model_max_length: 1_000_000,
  };
  return { tokenizer, config };
}
