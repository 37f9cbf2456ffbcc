/**
 * ROUGE-L (Lin 2004): F1 of the longest common subsequence of words, 0 to 100. Words are runs of letters and digits, in lower case.
 */
export function rougeL(candidate: string, reference: string): number {
  const said = wordsOf(candidate);
  const wanted = wordsOf(reference);
  const common = longestCommonSubsequence(said, wanted);
  return common ? (200 * common) / (said.length + wanted.length) : 0;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let above = new Uint32Array(b.length + 1);
  for (const word of a) {
    const row = new Uint32Array(b.length + 1);
    for (let j = 0; j < b.length; j++) row[j + 1] = word === b[j] ? above[j] + 1 : Math.max(above[j + 1], row[j]);
    above = row;
  }
  return above[b.length];
}
