import { parseArgs } from 'node:util';
import { InputError } from '../core/errors';

/** One option of a command: what it takes and what it does. */
interface OptionHelp {
  type: 'string' | 'boolean';
  value?: string;
  help: string;
}

interface CommandHelp {
  usage: string;
  does: string;
  positionals: number;
  options: Record<string, OptionHelp>;
}

const COMMON: Record<string, OptionHelp> = {
  json: { type: 'boolean', help: 'one machine-readable value on standard output, everything else on standard error' },
  adapter: {
    type: 'string',
    value: 'NAME',
    help: 'swiftshader or hardware; default hardware where there is one (also LAB_ADAPTER)',
  },
  assets: {
    type: 'string',
    value: 'DIR',
    help: 'folder of corpora, tokenizers and shipped models; default public/ of the repository',
  },
};

const CHECKPOINT: OptionHelp = { type: 'string', value: 'DIR', help: 'Hugging Face folder or shipped model name' };

const TOKENIZER: OptionHelp = {
  type: 'string',
  value: 'NAME',
  help: 'shipped tokenizer of a checkpoint that neither says nor brings its own',
};

const VARIANTS: OptionHelp = {
  type: 'string',
  value: 'JSON',
  help: 'kernel variants by operation, the rest as by default; nothing is tuned',
};

const BUDGET: OptionHelp = {
  type: 'string',
  value: 'SECONDS',
  help: 'longest that tuning may take; what it does not reach keeps its default; default 20',
};

const COMMANDS: Record<string, CommandHelp> = {
  devices: {
    usage: 'devices',
    does: 'adapters, features, limits, and which kernel variants would be used',
    positionals: 0,
    options: {},
  },
  plan: {
    usage: 'plan RECIPE.json',
    does: 'parameters, bytes by purpose, FLOPs, dispatches and submits per stage; needs no GPU',
    positionals: 1,
    options: {},
  },
  train: {
    usage: 'train RECIPE.json --out DIR',
    does: 'runs a recipe: progress on standard error, metrics as JSONL, checkpoints in Hugging Face layout',
    positionals: 1,
    options: {
      out: { type: 'string', value: 'DIR', help: 'where metrics.jsonl, recorded.json and checkpoints go' },
      resume: { type: 'boolean', help: 'goes on from the newest checkpoint in --out' },
      'checkpoint-every': { type: 'string', value: 'STEPS', help: 'steps between checkpoints; default 100' },
      steps: { type: 'string', value: 'N', help: 'stops after N steps of this call' },
      variants: VARIANTS,
      'no-tuning': { type: 'boolean', help: 'the deterministic default variants, untimed (also LAB_TUNING=off)' },
      budget: BUDGET,
      'max-dispatch-ms': { type: 'string', value: 'MS', help: 'longest dispatch that work is cut to; default 50' },
      'max-submit-ms': { type: 'string', value: 'MS', help: 'longest submit; default 200' },
    },
  },
  tune: {
    usage: 'tune RECIPE.json',
    does: 'checks and times every kernel variant at a recipe’s shapes; its runs on this adapter use the winners',
    positionals: 1,
    options: { budget: BUDGET },
  },
  check: {
    usage: 'check GOLDEN_DIR --checkpoint DIR',
    does: 'holds the WGSL training path, under every variant, against golden values; exit 1 beyond a tolerance',
    positionals: 1,
    options: {
      checkpoint: CHECKPOINT,
      'break-shader': {
        type: 'string',
        value: 'NAME:FROM=>TO',
        help: 'replaces text in one shader first: proof that the check can fail',
      },
    },
  },
  gate: {
    usage: 'gate RECIPE.json',
    does: 'trains a recipe in float32 and in float16 and compares the losses; exit 1 where they part',
    positionals: 1,
    options: {
      steps: { type: 'string', value: 'N', help: 'steps of each run; default 500' },
      variants: VARIANTS,
    },
  },
  eval: {
    usage: 'eval CHECKPOINT',
    does: 'loss and bits per byte on held-out text, by source and by position, and retrieval',
    positionals: 1,
    options: {
      length: { type: 'string', value: 'TOKENS', help: 'window length; default the checkpoint’s own context' },
      rows: { type: 'string', value: 'N', help: 'windows per source, and retrieval rows; default 8' },
      tokenizer: TOKENIZER,
      'context-law': { type: 'boolean', help: 'also fits loss against context, with intervals, beside the paper’s four models' },
      baselines: { type: 'boolean', help: 'also Kneser-Ney tables of pairs and of single tokens, over the same targets' },
    },
  },
  probe: {
    usage: 'probe CHECKPOINT',
    does: 'attention statistics of every layer and head on the fixed probe batch',
    positionals: 1,
    options: {
      length: { type: 'string', value: 'TOKENS', help: 'probe length; default the checkpoint’s own context' },
      queries: { type: 'string', value: 'N', help: 'query rows sampled; default 128' },
      tokenizer: TOKENIZER,
    },
  },
  reproduce: {
    usage: 'reproduce STUDY --out DIR',
    does: 'a study of the paper in miniature: trains what is missing in --out, then writes report.html, report.md and the raw data',
    positionals: 1,
    options: {
      scale: { type: 'string', value: 'NAME', help: 'pico (a smoke test), nano, micro or small; default nano' },
      out: { type: 'string', value: 'DIR', help: 'where runs and report go; a stopped study goes on from there' },
      seeds: { type: 'string', value: 'LIST', help: 'seeds, for instance 1,2,3; default those of the scale' },
      plan: { type: 'boolean', help: 'only prints runs, tokens, FLOPs and the time they may take on this adapter' },
    },
  },
  bench: {
    usage: 'bench',
    does: 'checks, then times: every kernel and a whole step; API calls counted by a wrapper round WebGPU',
    positionals: 0,
    options: {
      lengths: { type: 'string', value: 'LIST', help: 'sequence lengths; default 256,1024,2048' },
      steps: { type: 'string', value: 'N', help: 'steps timed at each length; default 5' },
      kernels: { type: 'boolean', help: 'also kernels at set sizes against the adapter’s peak' },
      recipe: {
        type: 'string',
        value: 'FILE',
        help: 'instead: compile times, longest dispatch and submit, MFU and HFU of a recipe’s first step as it is trained',
      },
      decode: {
        type: 'string',
        value: 'TOKENS',
        help: 'with --recipe: decoding after a prompt of that many tokens, not the step',
      },
      variants: VARIANTS,
      out: { type: 'string', value: 'FILE', help: 'also writes the result as JSON' },
    },
  },
};

export interface CommandLine {
  positionals: string[];
  options: Record<string, string | undefined>;
  json: boolean;
}

/** Checks a command's words; the error names the offending one. */
export function parseCommandLine(name: string, words: string[]): CommandLine {
  const command = COMMANDS[name];
  const options = Object.fromEntries(Object.entries({ ...COMMON, ...command.options }).map(([key, { type }]) => [key, { type }]));
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: words, options, allowPositionals: true });
  } catch (error) {
    throw new InputError(`lab ${name}`, command.usage, (error as Error).message.split('\n')[0], 'see lab --help');
  }
  if (parsed.positionals.length !== command.positionals)
    throw new InputError(`lab ${name}`, command.usage, `${parsed.positionals.length} file names`, 'see lab --help');
  const { json, ...values } = parsed.values;
  const strings = Object.entries(values).map(([key, value]) => [key, value === true ? 'true' : (value as string)]);
  return { positionals: parsed.positionals, options: Object.fromEntries(strings), json: Boolean(json) };
}

/** An option that must be a whole number above 0. */
export function wholeOption(line: CommandLine, name: string, fallback: number): number {
  return optionalWhole(line, name) ?? fallback;
}

/** The same where leaving it out has a meaning of its own. */
export function optionalWhole({ options }: CommandLine, name: string): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InputError(`--${name}`, 'a whole number above 0', text, `change --${name}`);
  return value;
}

export function helpText(): string {
  const lines = ['lab COMMAND: the lab without a browser.', ''];
  const option = (key: string, { value, help }: OptionHelp) =>
    `      ${`--${key}${value ? ` ${value}` : ''}`.padEnd(30)} ${help}`;
  for (const { usage, does, options } of Object.values(COMMANDS)) {
    lines.push(`  ${usage.padEnd(34)} ${does}`);
    for (const [key, help] of Object.entries(options)) lines.push(option(key, help));
  }
  lines.push('', '  every command:', ...Object.entries(COMMON).map(([key, help]) => option(key, help)));
  return `${lines.join('\n')}\n`;
}
