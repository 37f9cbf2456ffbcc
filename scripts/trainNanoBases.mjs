/**
 * Trains the nano bases that the studies extend: `node scripts/trainNanoBases.mjs OUT [SEED …] [-- COMMAND …]`, where COMMAND runs the
 * headless runner (default `npm run -s lab --`). Three recipes each: induction on rows of 32 tokens, keyed facts without text between on 64, then text with a third of retrieval
 * on 128. A base goes to OUT/nano-sSEED; finished recipes are not run again, interrupted ones go on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const words = process.argv.slice(2);
const dashes = words.indexOf('--');
const [out, ...chosen] = dashes < 0 ? words : words.slice(0, dashes);
const [command, ...leading] = dashes < 0 ? ['npm', 'run', '-s', 'lab', '--'] : words.slice(dashes + 1);
const seeds = chosen.length ? chosen.map(Number) : [1, 2, 3];

const shape = {
  vocab_size: 512,
  hidden_size: 64,
  intermediate_size: 192,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 2,
  head_dim: 32,
  // Near 1/sqrt(hidden_size): with 0.02 scores start next to even and induction takes twice the tokens.
  initializer_range: 0.1,
};

/** @typedef {{ name: string; length: number; tokens: number; rate: number; mix: Record<string, number> }} Stage */

/** @type {Stage[]} */
const STAGES = [
  { name: 'induction', length: 32, tokens: 1_638_400, rate: 0.003, mix: { induction: 0.9, books: 0.1 } },
  { name: 'recall', length: 64, tokens: 2_457_600, rate: 0.003, mix: { recall: 0.6, induction: 0.2, books: 0.2 } },
  {
    name: 'text',
    length: 128,
    tokens: 6_144_000,
    rate: 0.003,
    mix: { books: 0.3, speeches: 0.25, short: 0.1, 'keyed-facts': 0.15, recall: 0.08, 'first-sentence': 0.08, passkey: 0.04 },
  },
];

/**
 * @param {Stage} stage
 * @param {number} seed
 * @param {string | undefined} from folder of the checkpoint that the stage before left
 */
function recipeOf(stage, seed, from) {
  const { name, length, tokens, rate, mix } = stage;
  return {
    version: 1,
    name: `Nano base, seed ${seed}: ${name}`,
    seed,
    model: from ? { checkpoint: from } : { shape },
    tokenizer: 'bpe-512',
    rope_parameters: { rope_type: 'default', rope_theta: 10000 },
    data: { sources: Object.entries(mix).map(([source, share]) => ({ name: source, share })) },
    curriculum: { total_tokens: tokens, tokens_per_step: 2048, stages: [{ sequence_length: length, share: 1 }] },
    optimizer: { learning_rate: rate, warmup_steps: 50 },
    probes: {
      every_steps: 200,
      validation_rows: 8,
      attention_queries: 32,
      base_length: length,
      retrieval_rows: length < 64 ? 0 : 60,
      retrieval_tasks: length < 128 ? ['keyed-facts'] : ['keyed-facts', 'first-sentence', 'passkey'],
    },
  };
}

/**
 * Runs a recipe to its end, wherever it stands.
 * @param {string} folder
 * @param {{ name: string }} recipe
 * @returns {string} its last checkpoint
 */
function train(folder, recipe) {
  const file = `${folder}.json`;
  writeFileSync(file, `${JSON.stringify(recipe, undefined, 2)}\n`);
  const begun = existsSync(join(folder, 'run.json'));
  if (!existsSync(join(folder, 'recorded.json'))) {
    const options = ['--out', folder, '--no-tuning', ...(begun ? ['--resume'] : [])];
    const { status } = spawnSync(command, [...leading, 'train', file, ...options], { stdio: 'inherit' });
    if (status !== 0) throw new Error(`${recipe.name} ended with ${status}`);
  }
  const step = (/** @type {string} */ name) => Number(name.split('-')[1]);
  const checkpoints = readdirSync(folder).filter((name) => /^checkpoint-\d+$/.test(name));
  checkpoints.sort((a, b) => step(b) - step(a));
  return join(folder, checkpoints[0]);
}

for (const seed of seeds) {
  let from;
  for (const stage of STAGES) {
    const folder = join(out, `nano-s${seed}`, stage.name);
    mkdirSync(join(folder, '..'), { recursive: true });
    from = train(folder, recipeOf(stage, seed, from));
  }
  console.error(`nano-s${seed}: ${from}`);
}
