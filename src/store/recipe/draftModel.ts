import type { ModelConfig } from '../../core/modelConfig';
import type { Recipe } from '../../core/recipe';
import { modelShapeSchema } from '../../core/recipe';
import type { LabFacts } from '../../worker/protocol';

/** The model a recipe means, for arithmetic on the page; undefined while the checkpoint it names is not known yet. */
export function draftModel(recipe: Recipe, facts: LabFacts | undefined): ModelConfig | undefined {
  const { model } = recipe;
  const shape = 'shape' in model ? model.shape : checkpointShape(model.checkpoint, facts);
  if (!shape) return undefined;
  return {
    vocabSize: shape.vocab_size,
    hiddenSize: shape.hidden_size,
    intermediateSize: shape.intermediate_size,
    numHiddenLayers: shape.num_hidden_layers,
    numAttentionHeads: shape.num_attention_heads,
    numKeyValueHeads: shape.num_key_value_heads,
    headDim: shape.head_dim,
    maxPositionEmbeddings: longestStage(recipe),
    rmsNormEps: shape.rms_norm_eps,
    tieWordEmbeddings: shape.tie_word_embeddings,
    initializerRange: shape.initializer_range,
    bosTokenId: 0,
    eosTokenId: 0,
    ropeParameters: recipe.rope_parameters,
  };
}

export type ModelShape = (typeof modelShapeSchema)['_output'];

/** The shape of a shipped checkpoint, out of its config.json; other fields of that file are left aside. */
export function checkpointShape(name: string, facts: LabFacts | undefined): ModelShape | undefined {
  const config = facts?.checkpoints.find((checkpoint) => checkpoint.name === name)?.config;
  if (!config) return undefined;
  const known = Object.fromEntries(Object.entries(config).filter(([key]) => key in modelShapeSchema.shape));
  const result = modelShapeSchema.safeParse(known);
  return result.success ? result.data : undefined;
}

export function longestStage(recipe: Recipe): number {
  return Math.max(...recipe.curriculum.stages.map((stage) => stage.sequence_length));
}

/** Length of val_short: what the recipe says, else the context of its checkpoint, else the first stage's. */
export function baseLength({ probes, model, curriculum }: Recipe, facts: LabFacts | undefined): number {
  const checkpoint = 'checkpoint' in model ? facts?.checkpoints.find(({ name }) => name === model.checkpoint) : undefined;
  return probes.base_length ?? checkpoint?.contextLength ?? curriculum.stages[0].sequence_length;
}
