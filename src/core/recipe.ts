import { InputError } from './errors';
import { checkRopeLength, ropeParametersSchema } from './positionEncoding';
import { PROBE_TASK_NAMES } from './records';
import { z } from './zod';

/** Bumped with every change of meaning; `upgradeRecipe` holds one step per bump. */
export const RECIPE_VERSION = 1;

const share = z.number().min(0).max(1);
const positive = z.number().positive();
const whole = z.number().int().positive();

/** Rows or queries of one probe; more would take longer than the training between two. */
const MAX_PROBE_ROWS = 4096;

/** A model made from nothing, in Hugging Face words. Position encoding is the recipe's own field. */
export const modelShapeSchema = z.strictObject({
  vocab_size: whole,
  hidden_size: whole,
  intermediate_size: whole,
  num_hidden_layers: whole,
  num_attention_heads: whole,
  num_key_value_heads: whole,
  head_dim: whole,
  rms_norm_eps: positive.default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
  initializer_range: positive.default(0.02),
});

export const recipeSchema = z.strictObject({
  version: z.literal(RECIPE_VERSION),
  name: z.string().min(1).max(120),
  seed: z.number().int().min(0).max(0xffff_ffff).default(0),
  /** Either a checkpoint to continue (a shipped model's name, or a folder for the headless runner) or a shape to start from random. */
  model: z.union([z.strictObject({ checkpoint: z.string().min(1) }), z.strictObject({ shape: modelShapeSchema })]),
  /** `bytes`, or the name of a shipped tokenizer such as `bpe-1024`. A checkpoint brings its own. */
  tokenizer: z.string().min(1).optional(),
  rope_parameters: ropeParametersSchema,
  data: z.strictObject({
    /** Share of **tokens** per source; shares are normalised by their sum. */
    sources: z.array(z.strictObject({ name: z.string().min(1), share })).min(1),
  }),
  curriculum: z.strictObject({
    total_tokens: whole,
    /** Held constant over the stages: rows per step = tokens_per_step / sequence_length. */
    tokens_per_step: whole,
    /** Largest number of tokens in one micro-batch; the rest of the step is gradient accumulation. */
    micro_batch_tokens: whole.optional(),
    stages: z.array(z.strictObject({ sequence_length: whole, share: share.refine((s) => s > 0, 'must be above 0') })).min(1),
  }),
  optimizer: z.strictObject({
    learning_rate: positive,
    min_learning_rate_ratio: share.default(0.1),
    warmup_steps: z.number().int().min(0).default(0),
    schedule: z.enum(['cosine', 'linear', 'constant']).default('cosine'),
    betas: z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]).default([0.9, 0.95]),
    eps: positive.default(1e-8),
    weight_decay: z.number().min(0).default(0.1),
    max_grad_norm: positive.default(1),
  }),
  /** How activations and the weights that kernels read are stored; sums, gradients and master weights are float32 always. */
  precision: z.enum(['float32', 'float16']).default('float32'),
  probes: z
    .strictObject({
      every_steps: whole.default(10),
      /** Fixed held-out windows per source and length. */
      validation_rows: whole.max(MAX_PROBE_ROWS).default(4),
      /** Length of val_short; defaults to the checkpoint's own context, else the first stage. */
      base_length: whole.optional(),
      /** Query rows sampled for live attention statistics. */
      attention_queries: whole.max(MAX_PROBE_ROWS).default(128),
      /** Questions of each task; 0 turns them off. */
      retrieval_rows: z.number().int().min(0).max(MAX_PROBE_ROWS).default(8),
      retrieval_tasks: z.array(z.enum(PROBE_TASK_NAMES)).min(1).default(['keyed-facts']),
    })
    .prefault({}),
});

export type Recipe = z.infer<typeof recipeSchema>;
export type RecipeInput = z.input<typeof recipeSchema>;

/** Parses untrusted JSON into a recipe, whole or not at all; the error names the first offending field. */
export function parseRecipe(value: unknown): Recipe {
  const result = recipeSchema.safeParse(upgradeRecipe(value));
  if (!result.success) throw inputErrorFrom('recipe', result.error);
  return checkRecipe(result.data);
}

/** Turns a zod error into the project's sentence, naming the path of the first problem. */
export function inputErrorFrom(what: string, error: z.ZodError): InputError {
  const issue = error.issues[0];
  const path = issue.path.join('.') || '(the whole file)';
  return new InputError(what, `${path} to be valid`, issue.message, `fix ${path}`);
}

function checkRecipe(recipe: Recipe): Recipe {
  const { stages, tokens_per_step } = recipe.curriculum;
  stages.forEach(({ sequence_length }, i) => {
    if (tokens_per_step % sequence_length)
      throw new InputError(
        'recipe',
        `curriculum.tokens_per_step (${tokens_per_step}) to be a multiple of curriculum.stages.${i}.sequence_length`,
        sequence_length,
        'tokens per step are held constant over the stages, so each length must divide them',
      );
  });
  checkRopeLength(recipe.rope_parameters, Math.max(...stages.map((stage) => stage.sequence_length)), recipe.precision);
  const names = recipe.data.sources.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new InputError('recipe', 'every source once in data.sources', `${twice} twice`, 'add its shares and keep one entry');
  if (!recipe.data.sources.some((source) => source.share > 0))
    throw new InputError('recipe', 'at least one data source with a share above 0', 'none', 'raise a share in data.sources');
  return recipe;
}

function upgradeRecipe(value: unknown): unknown {
  // Version 1 is the first; the next bump adds the first upgrader here.
  return value;
}
