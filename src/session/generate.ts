import { InputError } from '../core/errors';
import { Rng } from '../core/rng';
import { StreamDecoder } from '../data/streamDecoder';
import type { Tokenizer } from '../data/tokenizer';
import type { Gpu } from '../gpu/device';
import type { PipelineCache } from '../gpu/pipelines';
import { Generator } from '../model/generator';
import { sampleToken } from '../model/sampling';
import type { ActiveRun } from './activeRun';
import type { GenerateOptions, GenerateResult } from './api';

interface GenerateContext {
  gpu: Gpu;
  pipelines: PipelineCache;
  run: ActiveRun;
  tokenizer: Tokenizer;
  options: GenerateOptions;
  onText(text: string): void;
  signal: AbortSignal;
}

/** Continues a prompt with the run's current weights, token by token, and streams the text. The KV cache lives for this call. */
export async function generateText({
  gpu,
  pipelines,
  run,
  tokenizer,
  options,
  onText,
  signal,
}: GenerateContext): Promise<GenerateResult> {
  const { config, model, variants } = run.blueprint;
  const { maxNewTokens, temperature, topK, seed } = checkOptions(options);
  const prompt = [tokenizer.bosId, ...tokenizer.encode(options.prompt)];
  const context = config.maxPositionEmbeddings;
  if (prompt.length >= context)
    throw new InputError(
      'generate',
      `a prompt below the context of ${context} tokens`,
      `${prompt.length} tokens`,
      'shorten the prompt',
    );
  // The cache is as large as this text can become; encodings that turn by the room they are given keep the whole context.
  const byRoom = ['dynamic', 'longrope'].includes(config.ropeParameters.rope_type);
  const length = byRoom ? context : Math.min(context, prompt.length + maxNewTokens);
  const generator = await Generator.create({ gpu, pipelines, model, weightsFrom: run.engine, variants, length });
  const rng = Rng.of(seed, 'sample');
  const decoder = new StreamDecoder(tokenizer, prompt);
  const started = performance.now();
  let text = '';
  let newTokens = 0;
  let stopped: GenerateResult['stopped'] = 'length';
  try {
    let logits = await generator.prefill(prompt, signal);
    while (newTokens < maxNewTokens) {
      if (signal.aborted) {
        stopped = 'cancelled';
        break;
      }
      const id = sampleToken(logits, { temperature, topK }, rng);
      if (id === tokenizer.eosId) {
        stopped = 'eos';
        break;
      }
      const piece = decoder.push(id);
      text += piece;
      newTokens++;
      if (piece) onText(piece);
      if (generator.position >= length && newTokens < maxNewTokens) {
        stopped = 'context';
        break;
      }
      if (newTokens < maxNewTokens) logits = await generator.decode(id);
    }
    const rest = decoder.finish();
    text += rest;
    if (rest) onText(rest);
  } catch (error) {
    if (!signal.aborted) throw error;
    stopped = 'cancelled';
  } finally {
    generator.destroy();
  }
  return { text, newTokens, tokensPerSecond: newTokens / ((performance.now() - started) / 1000), stopped };
}

function checkOptions(options: GenerateOptions): GenerateOptions {
  const { maxNewTokens, temperature, topK } = options;
  if (!Number.isInteger(maxNewTokens) || maxNewTokens < 1)
    throw new InputError('generate', 'a whole number of new tokens above 0', maxNewTokens, 'change the length');
  if (!(temperature >= 0)) throw new InputError('generate', 'a temperature of 0 or more', temperature, 'change the temperature');
  if (!Number.isInteger(topK) || topK < 0) throw new InputError('generate', 'top-k of 0 (all) or more', topK, 'change top-k');
  return options;
}
