import { InputError } from '../core/errors';
import { type ModelConfig, validateModelConfig } from '../core/modelConfig';
import type { Recipe } from '../core/recipe';
import type { Tokenizer } from '../data/tokenizer';
import { initialWeights, type NamedWeights } from '../model/weights';
import type { LoadedCheckpoint } from './checkpointFiles';

/** The model a recipe starts from, under the recipe's own position encoding and context. */
export interface ResolvedModel {
  config: ModelConfig;
  weights: NamedWeights;
  /** Context of the checkpoint; undefined for a new model. */
  baseLength?: number;
}

export const DEFAULT_TOKENIZER = 'bpe-1024';

/** Name of the tokenizer a recipe uses: the checkpoint's own, else the recipe's, else for a new model the default. */
export function tokenizerNameOf(recipe: Recipe, checkpoint?: Pick<LoadedCheckpoint, 'tokenizer'>): string {
  if (checkpoint?.tokenizer && recipe.tokenizer && checkpoint.tokenizer !== recipe.tokenizer)
    throw new InputError(
      'recipe',
      `tokenizer ${checkpoint.tokenizer}, which the checkpoint was trained with`,
      recipe.tokenizer,
      'remove tokenizer from the recipe',
    );
  const name = checkpoint?.tokenizer ?? recipe.tokenizer;
  if (checkpoint && !name)
    throw new InputError(
      'recipe',
      'tokenizer to be named, since the checkpoint does not say which it was trained with',
      'none',
      'add tokenizer to the recipe',
    );
  return name ?? DEFAULT_TOKENIZER;
}

/** The config alone: what a plan needs, without any weights. */
export function resolveConfig(
  recipe: Recipe,
  tokenizer: Pick<Tokenizer, 'vocabSize' | 'bosId' | 'eosId'>,
  checkpoint?: ModelConfig,
): ModelConfig {
  const longest = Math.max(...recipe.curriculum.stages.map((stage) => stage.sequence_length));
  const config = checkpoint ?? configOfShape(recipe, tokenizer);
  if (tokenizer.vocabSize > config.vocabSize)
    throw new InputError(
      'recipe',
      `a tokenizer of at most ${config.vocabSize} tokens, the model's vocab_size`,
      tokenizer.vocabSize,
      'choose the tokenizer the model was made for',
    );
  return validateModelConfig({
    ...config,
    ropeParameters: recipe.rope_parameters,
    maxPositionEmbeddings: checkpoint ? Math.max(longest, checkpoint.maxPositionEmbeddings) : longest,
  });
}

export function resolveModel(
  recipe: Recipe,
  tokenizer: Pick<Tokenizer, 'vocabSize' | 'bosId' | 'eosId'>,
  checkpoint?: LoadedCheckpoint,
): ResolvedModel {
  const config = resolveConfig(recipe, tokenizer, checkpoint?.config);
  if (!checkpoint) return { config, weights: initialWeights(config, recipe.seed) };
  return { config, weights: checkpoint.weights, baseLength: checkpoint.config.maxPositionEmbeddings };
}

function configOfShape(recipe: Recipe, tokenizer: Pick<Tokenizer, 'bosId' | 'eosId'>): ModelConfig {
  if (!('shape' in recipe.model)) throw new InputError('recipe', 'a loaded checkpoint', recipe.model.checkpoint, 'load it first');
  const { shape } = recipe.model;
  return {
    vocabSize: shape.vocab_size,
    hiddenSize: shape.hidden_size,
    intermediateSize: shape.intermediate_size,
    numHiddenLayers: shape.num_hidden_layers,
    numAttentionHeads: shape.num_attention_heads,
    numKeyValueHeads: shape.num_key_value_heads,
    headDim: shape.head_dim,
    maxPositionEmbeddings: 0,
    rmsNormEps: shape.rms_norm_eps,
    tieWordEmbeddings: shape.tie_word_embeddings,
    initializerRange: shape.initializer_range,
    bosTokenId: tokenizer.bosId,
    eosTokenId: tokenizer.eosId,
    ropeParameters: recipe.rope_parameters,
  };
}
