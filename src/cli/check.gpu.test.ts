import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { check } from './check';
import { parseCommandLine } from './commandLine';

/**
 * A model whose every weight is 0 gives every token the logit 0, whatever its position encoding, so its golden values need no oracle:
 * the loss is ln V at every position. JSON headers are written by hand, as a stranger's files would be.
 */
const [HIDDEN, INTERMEDIATE, HEAD_DIM, VOCABULARY, LENGTH] = [8, 12, 8, 12, 5];

const CONFIG = {
  model_type: 'llama',
  hidden_size: HIDDEN,
  intermediate_size: INTERMEDIATE,
  num_hidden_layers: 1,
  num_attention_heads: 1,
  head_dim: HEAD_DIM,
  vocab_size: VOCABULARY,
  tie_word_embeddings: true,
};

const TENSORS: [name: string, shape: number[]][] = [
  ['model.embed_tokens.weight', [VOCABULARY, HIDDEN]],
  ...['q_proj', 'k_proj', 'v_proj'].map((name): [string, number[]] => [
    `model.layers.0.self_attn.${name}.weight`,
    [HEAD_DIM, HIDDEN],
  ]),
  ['model.layers.0.self_attn.o_proj.weight', [HIDDEN, HEAD_DIM]],
  ['model.layers.0.mlp.gate_proj.weight', [INTERMEDIATE, HIDDEN]],
  ['model.layers.0.mlp.up_proj.weight', [INTERMEDIATE, HIDDEN]],
  ['model.layers.0.mlp.down_proj.weight', [HIDDEN, INTERMEDIATE]],
  ['model.layers.0.input_layernorm.weight', [HIDDEN]],
  ['model.layers.0.post_attention_layernorm.weight', [HIDDEN]],
  ['model.norm.weight', [HIDDEN]],
];

function zeroSafetensors(): Uint8Array {
  let end = 0;
  const header = Object.fromEntries(
    TENSORS.map(([name, shape]) => {
      const start = end;
      end += 4 * shape.reduce((a, b) => a * b, 1);
      return [name, { dtype: 'F32', shape, data_offsets: [start, end] }];
    }),
  );
  const text = new TextEncoder().encode(JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const LOSS = Math.log(VOCABULARY);

function goldenForward(loss: number) {
  const logits = new Array<number>(VOCABULARY).fill(0);
  const positions = new Array<number>(LENGTH - 1).fill(LOSS);
  const forwardCase = { case: 'default', rope: {}, documents: 'none', loss, logits_last: logits, loss_by_position: positions };
  const inv_freq = [1, 0.1, 0.01, 0.001];
  return {
    ids: [[1, 2, 3, 4, 5]],
    documents: {},
    rope: { default: { inv_freq, attention_factor: 1 } },
    cases: [forwardCase],
  };
}

let folder: string;
let printed = '';

/** Runs `lab check` on the folder; what it prints is in `printed`. */
const runCheck = (...options: string[]) => check(parseCommandLine('check', [folder, '--checkpoint', folder, ...options]));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ropewalk-check-'));
  await writeFile(join(folder, 'config.json'), JSON.stringify(CONFIG));
  await writeFile(join(folder, 'model.safetensors'), zeroSafetensors());
  await writeFile(join(folder, 'forward.json'), JSON.stringify(goldenForward(LOSS)));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});

afterEach(() => {
  printed = '';
});

afterAll(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

describe('lab check', () => {
  it('gives 0 and names adapter, variants and quantities when all is within tolerance', async () => {
    expect(await runCheck()).toBe(0);
    expect(printed).toMatch(/^adapter: /);
    expect(printed).toMatch(
      /variants \(default\): matmul_nt \S+, matmul_nn \S+, matmul_tn \S+, matmul_row \S+, flash_forward \S+/,
    );
    expect(printed).toMatch(/loss, default, documents none +\S+ +2e-5 +ok/);
    expect(printed).toMatch(/check passed\n$/);
  }, 120_000);

  it('gives 1 and names the quantity when a golden value is altered', async () => {
    await writeFile(join(folder, 'forward.json'), JSON.stringify(goldenForward(LOSS + 1e-3)));
    expect(await runCheck()).toBe(1);
    expect(printed).toMatch(/loss, default, documents none +\S+ +2e-5 +FAILS/);
    expect(printed).toMatch(/check FAILED\n$/);
    await writeFile(join(folder, 'forward.json'), JSON.stringify(goldenForward(LOSS)));
  }, 120_000);

  it('gives 1 when a shader is broken, and refuses a folder without golden values', async () => {
    await expect(check(parseCommandLine('check', [tmpdir(), '--checkpoint', folder]))).rejects.toThrow(
      /at least one of forward.json/,
    );
    expect(await runCheck('--break-shader', 'cross_entropy:log_sum - target_logit=>log_sum * 1.01')).toBe(1);
    expect(printed).toMatch(/loss by position, default, documents none .* FAILS/);
  }, 120_000);
});
