import type { RecipeInput } from '../../core/recipe';
import {
  answerCurve,
  farAnswerLoss,
  farExactMatch,
  farRougeL,
  positionCurve,
  sourceLoss,
  validationCurve,
  validationLoss,
} from '../measures';
import { EXTENSION_SCALES } from '../scales';
import type { Scale, Study } from '../study';

/** Continual pretraining on longer rows under each position encoding: Tables 5 and 6, Figs. 4, 5 and 9. */
export const positionEncodings: Study = {
  name: 'position-encodings',
  title: 'Position encodings',
  source: 'Tables 5 and 6, Figs. 4 and 5',
  hypothesis:
    'Plain RoPE extended without change is worse than the other three in long-text loss and loses answers that lie far back; ABF is at least as good as PI; xPos adds nothing to ABF.',
  scales: ['pico', 'nano', 'micro', 'small'],
  scale: (name) => EXTENSION_SCALES[name],
  arms: (scale) =>
    Object.entries(encodings(scale)).map(([name, { label, rope }]) => ({
      name,
      label,
      recipe: (seed) => recipe(scale, label, seed, rope),
    })),
  measures: ({ shortLength, longLength }) => [
    validationLoss('long', longLength),
    ...['books', 'speeches', 'short'].map((source) => sourceLoss(longLength, source)),
    validationLoss('short', shortLength),
    farAnswerLoss(longLength, 'keyed-facts', shortLength),
    farExactMatch(longLength, 'keyed-facts', shortLength),
    farAnswerLoss(longLength, 'first-sentence', shortLength),
    farRougeL(longLength, shortLength),
    farExactMatch(longLength, 'passkey', shortLength),
  ],
  contrasts: [
    { measure: 'loss-long', arm: 'abf', against: 'rope', expected: 'lower' },
    { measure: 'loss-long', arm: 'abf', against: 'pi', expected: 'lower' },
    { measure: 'loss-long', arm: 'xpos', against: 'abf', expected: 'no difference' },
    { measure: 'keyed-facts-loss', arm: 'abf', against: 'rope', expected: 'lower' },
    { measure: 'keyed-facts-loss', arm: 'abf', against: 'pi', expected: 'lower' },
    { measure: 'first-sentence-loss', arm: 'abf', against: 'rope', expected: 'lower' },
    { measure: 'first-sentence-rouge', arm: 'abf', against: 'rope', expected: 'higher' },
  ],
  figures: [
    {
      name: 'long',
      title: 'Held-out loss at the new length (Fig. 5a)',
      x: 'training tokens',
      y: 'nats per token',
      logX: false,
      of: validationCurve('long'),
    },
    {
      name: 'short',
      title: 'Held-out loss at the base’s length',
      x: 'training tokens',
      y: 'nats per token',
      logX: false,
      of: validationCurve('short'),
    },
    {
      name: 'position',
      title: 'Loss by position after extension',
      x: 'position',
      y: 'nats per token',
      logX: true,
      of: positionCurve,
    },
    {
      name: 'facts',
      title: 'Keyed facts: loss of the answer',
      x: 'tokens back to the fact',
      y: 'nats per token',
      logX: true,
      of: answerCurve('keyed-facts', (point) => point.answerLoss),
    },
    {
      name: 'facts-exact',
      title: 'Keyed facts: exact answers',
      x: 'tokens back to the fact',
      y: 'share',
      logX: true,
      of: answerCurve('keyed-facts', (point) => point.exactMatch),
    },
    {
      name: 'first',
      title: 'First sentence: loss of the answer',
      x: 'tokens of the document',
      y: 'nats per token',
      logX: true,
      of: answerCurve('first-sentence', (point) => point.answerLoss),
    },
    {
      name: 'rouge',
      title: 'First sentence: ROUGE-L of the written answer (Fig. 5b)',
      x: 'tokens of the document',
      y: 'ROUGE-L',
      logX: true,
      of: answerCurve('first-sentence', (point) => point.rougeL ?? Number.NaN),
    },
    {
      name: 'passkey',
      title: 'Passkey: exact answers',
      x: 'tokens of the text',
      y: 'share',
      logX: true,
      of: answerCurve('passkey', (point) => point.exactMatch),
    },
  ],
  paper: [
    {
      caption: 'Table 5 of the paper: perplexity of 32,768-token samples, 7B, 80B further tokens, one run each',
      header: ['encoding', 'books', 'CC', 'Wikipedia'],
      rows: [
        ['RoPE', '6.548', '6.816', '3.802'],
        ['PI', '6.341', '6.786', '3.775'],
        ['ABF', '6.323', '6.780', '3.771'],
        ['xPos ABF', '6.331', '6.780', '3.771'],
      ],
    },
  ],
  caveats: [
    'The paper extends 7B parameters by a factor of 8 with 80B tokens; here two layers are extended by the same factor with a few hundred thousand. Differences between PI, ABF and xPos in the paper are 0.3 % of perplexity, far below what these runs resolve.',
    'PI changes every rotation, ABF only the slow ones: with so few tokens PI has less time to mend local text, which weighs against it here more than in the paper.',
    'At head_dim 32 and base 10,000 the sum B(m) turns negative before 512 tokens, so plain RoPE fails at 1,024 for the reason the paper gives.',
  ],
};

function encodings({ shortLength, longLength }: Scale): Record<string, { label: string; rope: RecipeInput['rope_parameters'] }> {
  return {
    rope: { label: 'RoPE', rope: { rope_type: 'default', rope_theta: 10_000 } },
    pi: { label: 'PI', rope: { rope_type: 'linear', rope_theta: 10_000, factor: longLength / shortLength } },
    abf: { label: 'ABF', rope: { rope_type: 'default', rope_theta: 500_000 } },
    // The paper's scale of 512 at 32,768 tokens, in proportion.
    xpos: { label: 'xPos ABF', rope: { rope_type: 'xpos', rope_theta: 500_000, scale_base: longLength / 64 } },
  };
}

function recipe(scale: Scale, label: string, seed: number, rope: RecipeInput['rope_parameters']): RecipeInput {
  const steps = scale.tokens / scale.tokensPerStep;
  return {
    version: 1,
    name: `Position encodings, ${scale.name}: ${label}, seed ${seed}`,
    seed,
    model: { checkpoint: scale.base(seed) },
    rope_parameters: rope,
    data: {
      sources: [
        { name: 'books', share: 0.35 },
        { name: 'speeches', share: 0.25 },
        { name: 'keyed-facts', share: 0.2 },
        { name: 'first-sentence', share: 0.15 },
        { name: 'passkey', share: 0.05 },
      ],
    },
    curriculum: {
      total_tokens: scale.tokens,
      tokens_per_step: scale.tokensPerStep,
      stages: [{ sequence_length: scale.longLength, share: 1 }],
    },
    optimizer: { learning_rate: scale.learningRate, warmup_steps: Math.ceil(steps / 10) },
    probes: { every_steps: Math.ceil(steps / 5), validation_rows: 8, base_length: scale.shortLength, retrieval_rows: 14 },
  };
}
