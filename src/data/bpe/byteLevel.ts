/**
 * The byte-level alphabet and word split of GPT-2 (Radford et al. 2019), as Hugging Face's `ByteLevel` names them.
 * Every byte has one printable character, so a token is a string and any text, also invalid UTF-8 pieces, has a spelling.
 */

/** The split that `ByteLevel` applies with `use_regex: true`; merges never cross it. */
export const WORD_PATTERN = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** Character of each byte value: printable Latin-1 stands for itself, the rest are moved to U+0100 and up. */
export const BYTE_CHARACTERS: readonly string[] = byteCharacters();

function byteCharacters(): string[] {
  const printable = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let moved = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : moved++));
}
