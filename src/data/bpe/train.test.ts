import { describe, expect, it } from 'vitest';
import { tokenizerFromJson } from '../tokenizer';
import { bpeTokenizerFiles, bytesTokenizerFiles } from './tokenizerFiles';
import { trainBpe } from './train';

const TEXT = 'low low low low low lower lower newest newest newest newest newest newest widest widest widest';

describe('BPE training', () => {
  it('merges the most frequent pair first', () => {
    // Sennrich et al.'s example: "es" and "st" are in 9 words, "lo" in 7.
    expect(trainBpe([TEXT], 3)).toEqual([
      ['e', 's'],
      ['es', 't'],
      ['l', 'o'],
    ]);
  });

  it('gives ties to the pair with the smaller ids', () => {
    expect(trainBpe(['zzyy'], 1)).toEqual([['y', 'y']]);
  });

  it('is a prefix of the result for more merges, whatever way the text is cut', () => {
    const many = trainBpe([TEXT], 9);
    expect(trainBpe(TEXT.split(/(?= )/), 5)).toEqual(many.slice(0, 5));
  });

  it('says so when the text has no more pairs', () => {
    expect(() => trainBpe(['ab'], 2)).toThrow(/add text/);
  });

  it('keeps merged runs of one letter apart from their overlaps', () => {
    const { tokenizer, config } = bpeTokenizerFiles(trainBpe(['aaaa aaa aaaa'], 2));
    const trained = tokenizerFromJson('runs', tokenizer, config);
    expect(trained.decode(trained.encode('aaaaa aa'))).toBe('aaaaa aa');
  });
});

describe('tokenizer files', () => {
  it('load with bos 0, eos 1, the bytes and one id per merge', () => {
    const { tokenizer, config } = bpeTokenizerFiles(trainBpe([TEXT], 4));
    const loaded = tokenizerFromJson('tiny', tokenizer, config);
    expect([loaded.vocabSize, loaded.bosId, loaded.eosId]).toEqual([262, 0, 1]);
    expect(loaded.encode('est')).toEqual([2 + 256 + 1]);
    expect(config).toMatchObject({ clean_up_tokenization_spaces: false });
  });

  it('describe the bytes tokenizer too', () => {
    const { tokenizer, config } = bytesTokenizerFiles();
    const loaded = tokenizerFromJson('bytes', tokenizer, config);
    expect([loaded.vocabSize, loaded.bosId, loaded.eosId]).toEqual([258, 256, 257]);
    expect(loaded.encode('aé')).toEqual([...new TextEncoder().encode('aé')]);
  });
});
