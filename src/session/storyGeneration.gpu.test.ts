import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AssetReader } from '../core/ports';
import { Rng } from '../core/rng';
import { StreamDecoder } from '../data/streamDecoder';
import { tokenizerFromJson } from '../data/tokenizer';
import { assertHealthy, requestGpu } from '../gpu/device';
import { PipelineCache } from '../gpu/pipelines';
import { defaultVariants } from '../kernels/families';
import { ProgramContext } from '../model/context';
import { Engine } from '../model/engine';
import { Generator } from '../model/generator';
import { logitsProgram } from '../model/programs';
import { RotaryTableSet } from '../model/rotary';
import { sampleToken } from '../model/sampling';
import { ModelTensors } from '../model/tensors';
import { loadCheckpoint } from './checkpointFiles';

const CHECKPOINT = resolve(process.cwd(), '../shared/data/stories260k');
const files: AssetReader = { read: async (path) => new Uint8Array(await readFile(resolve(CHECKPOINT, path))) };

/** What llama2.c prints for this model at temperature 0. */
const BEGINNING =
  'Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball.';

async function readTokenizer() {
  const json = async (path: string) => JSON.parse(new TextDecoder().decode(await files.read(path)));
  return tokenizerFromJson('stories260k', await json('tokenizer.json'), await json('tokenizer_config.json'));
}

describe('stories260k', () => {
  it('tells its published story, the most likely token at a time', async ({ skip }) => {
    skip(!existsSync(CHECKPOINT), `no checkpoint at ${CHECKPOINT}`);
    const gpu = await requestGpu(navigator.gpu);
    const pipelines = new PipelineCache(gpu.device);
    const [tokenizer, { config, weights }] = await Promise.all([readTokenizer(), loadCheckpoint(files, '')]);
    const model = new ModelTensors(config, 1);
    const variants = defaultVariants(gpu.facts, config);
    const context = new ProgramContext(model, new RotaryTableSet(config, [1]), variants, { rows: 1, length: 1 });
    const parent = await Engine.create(gpu, pipelines, [logitsProgram(context).program]);
    parent.write(model.optimizer.weights, model.layout.pack(weights));
    const generator = await Generator.create({ gpu, pipelines, model, variants, weightsFrom: parent, length: 128 });
    try {
      const decoder = new StreamDecoder(tokenizer);
      let logits = await generator.prefill([tokenizer.bosId]);
      let text = '';
      while (text.length < BEGINNING.length && generator.position < generator.length) {
        const id = sampleToken(logits, { temperature: 0, topK: 0 }, Rng.of(0, 'greedy'));
        text += decoder.push(id);
        logits = await generator.decode(id);
      }
      expect(text.slice(0, BEGINNING.length)).toBe(BEGINNING);
      assertHealthy(gpu);
    } finally {
      generator.destroy();
      parent.destroy();
    }
  });
});
