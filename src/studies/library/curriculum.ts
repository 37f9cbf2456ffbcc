import { curriculumSteps } from '../../core/curriculum';
import { megatronFlops } from '../../core/flops';
import type { Recipe, RecipeInput } from '../../core/recipe';
import type { ValidationRecord } from '../../core/records';
import { farAnswerLoss, positionCurve, sourceLoss, validationCurve, validationLoss } from '../measures';
import { SCRATCH_SCALES } from '../scales';
import type { RunOutcome, Scale, Study } from '../study';

/** Share of the tokens on short rows before the switch. */
const SWITCHES = [0, 0.2, 0.4, 0.8];

/** Long rows from the first step against a switch from short ones: Tables 10 and 11, Fig. 6. */
export const curriculum: Study = {
  name: 'curriculum',
  title: 'Sequence-length curriculum',
  source: 'Tables 10 and 11, Fig. 6',
  hypothesis:
    'Training on short rows first and switching late reaches the same long-text loss as long rows from the start, for up to 40 % fewer FLOPs (the paper’s switch at 80 %); the loss recovers soon after the switch.',
  scales: ['pico', 'nano', 'micro', 'small'],
  scale: (name) => SCRATCH_SCALES[name],
  arms: (scale) =>
    SWITCHES.map((share) => {
      const label = share ? `switch at ${100 * share} %` : `${scale.longLength} from the start`;
      return { name: share ? `switch-${100 * share}` : 'scratch', label, recipe: (seed) => recipe(scale, label, seed, share) };
    }),
  facts: (outcome) => {
    const { recipe, plan } = outcome.recording.run;
    const { total, saving } = paperFlops(recipe);
    const causalSaving = 1 - plan.flops / plan.longFromStartFlops;
    return {
      'FLOPs, paper’s formula': total.toExponential(3),
      saved: percent(saving),
      'FLOPs, causal-exact': plan.flops.toExponential(3),
      'saved, causal-exact': percent(causalSaving),
      'recovery after the switch (tokens)': recoveryTokens(outcome)?.toLocaleString('en') ?? '–',
    };
  },
  measures: ({ shortLength, longLength }) => [
    validationLoss('long', longLength),
    ...['books', 'speeches', 'short'].map((source) => sourceLoss(longLength, source)),
    validationLoss('short', shortLength),
    farAnswerLoss(longLength, 'keyed-facts', shortLength),
  ],
  contrasts: SWITCHES.slice(1).map((share) => ({
    measure: 'loss-long',
    arm: `switch-${100 * share}`,
    against: 'scratch',
    expected: 'lower' as const,
  })),
  figures: [
    {
      name: 'long',
      title: 'Held-out loss at the long length (Fig. 6)',
      x: 'training tokens',
      y: 'nats per token',
      logX: false,
      of: validationCurve('long'),
    },
    {
      name: 'long-flops',
      title: 'The same against causal-exact FLOPs',
      x: 'FLOPs',
      y: 'nats per token',
      logX: false,
      of: againstFlops,
    },
    {
      name: 'short',
      title: 'Held-out loss at the short length',
      x: 'training tokens',
      y: 'nats per token',
      logX: false,
      of: validationCurve('short'),
    },
    { name: 'position', title: 'Loss by position at the end', x: 'position', y: 'nats per token', logX: true, of: positionCurve },
  ],
  paper: [
    {
      caption: 'Tables 10 and 11 of the paper: 7B from scratch, 400B tokens, one run each',
      header: ['curriculum', 'FLOPs', 'saved', 'ppl CC', 'ppl books', 'ppl Wikipedia'],
      rows: [
        ['32k from the start', '3.783e22', '0', '7.67', '6.52', '4.31'],
        ['4k → 32k at 20 %', '3.405e22', '10 %', '7.59', '6.46', '4.26'],
        ['at 40 %', '3.026e22', '20 %', '7.59', '6.46', '4.25'],
        ['at 80 %', '2.270e22', '40 %', '7.59', '6.49', '4.25'],
      ],
    },
  ],
  caveats: [
    'The ratio of row length to width is the paper’s, so the share of FLOPs saved is too, by its formula. A kernel that skips what a causal mask hides saves less: the causal-exact column.',
    'Two million tokens are about 15 a parameter; the paper’s 7B saw 60. Arms that see more rows of short text early see more documents, which helps a model this small.',
    'The paper reports one run per arm and no spread.',
  ],
};

/** The paper's count for a recipe's stages, and what is saved against the longest rows throughout. */
export function paperFlops(recipe: Recipe): { total: number; saving: number } {
  if (!('shape' in recipe.model)) throw new Error('the paper’s FLOPs are counted from a shape');
  const { num_hidden_layers: numHiddenLayers, hidden_size: hiddenSize } = recipe.model.shape;
  const count = (length: number, tokens: number) => megatronFlops({ numHiddenLayers, hiddenSize }, length, tokens);
  const stages = curriculumSteps(recipe.curriculum);
  const perStep = recipe.curriculum.tokens_per_step;
  const total = stages.reduce((sum, { sequenceLength, steps }) => sum + count(sequenceLength, steps * perStep), 0);
  const steps = stages.reduce((sum, stage) => sum + stage.steps, 0);
  const longest = Math.max(...stages.map(({ sequenceLength }) => sequenceLength));
  return { total, saving: 1 - total / count(longest, steps * perStep) };
}

/** Held-out loss at the short length within this share of its value before the switch counts as recovered. */
const RECOVERED = 1.005;
/** Validations that a smoothed value averages. */
const SMOOTHED = 3;

/** Tokens after the last switch until smoothed val_short is within 0.5 % of its smoothed value before; undefined without switch or recovery. */
export function recoveryTokens({ recording }: RunOutcome): number | undefined {
  const stages = curriculumSteps(recording.run.recipe.curriculum);
  if (stages.length < 2) return undefined;
  const switchStep = stages[stages.length - 1].firstStep;
  const short = recording.records.filter(
    (record): record is ValidationRecord => record.type === 'validation' && record.kind === 'short',
  );
  const mean = (records: ValidationRecord[]) => records.reduce((sum, { loss }) => sum + loss, 0) / records.length;
  const before = mean(short.filter(({ step }) => step <= switchStep).slice(-SMOOTHED));
  const after = short.filter(({ step }) => step > switchStep);
  const recovered = after.find((_, i) => mean(after.slice(Math.max(0, i - SMOOTHED + 1), i + 1)) <= RECOVERED * before);
  return recovered && recovered.tokens - switchStep * recording.run.recipe.curriculum.tokens_per_step;
}

function againstFlops({ recording }: RunOutcome) {
  const found = recording.records.flatMap((record) => (record.type === 'validation' && record.kind === 'long' ? [record] : []));
  return { x: found.map(({ flops }) => flops), y: found.map(({ loss }) => loss) };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function recipe(scale: Scale, label: string, seed: number, switchAt: number): RecipeInput {
  const { shortLength, longLength, tokens, tokensPerStep } = scale;
  const steps = tokens / tokensPerStep;
  const long = { sequence_length: longLength, share: 1 - switchAt };
  return {
    version: 1,
    name: `Curriculum, ${scale.name}: ${label}, seed ${seed}`,
    seed,
    model: { shape: scale.shape },
    tokenizer: scale.tokenizer,
    rope_parameters: { rope_type: 'default', rope_theta: 500_000 },
    data: {
      sources: [
        { name: 'books', share: 0.45 },
        { name: 'speeches', share: 0.3 },
        { name: 'short', share: 0.1 },
        { name: 'keyed-facts', share: 0.15 },
      ],
    },
    curriculum: {
      total_tokens: tokens,
      tokens_per_step: tokensPerStep,
      stages: switchAt ? [{ sequence_length: shortLength, share: switchAt }, long] : [long],
    },
    optimizer: { learning_rate: scale.learningRate, warmup_steps: Math.ceil(steps / 20) },
    probes: {
      every_steps: Math.ceil(steps / 25),
      validation_rows: 16,
      attention_queries: Math.min(64, shortLength),
      base_length: shortLength,
      retrieval_rows: 0,
    },
  };
}
