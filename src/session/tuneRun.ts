import type { TuningCache } from '../core/ports';
import { ProgramContext, type RowShape } from '../model/context';
import { trainProgram } from '../model/programs';
import { RotaryTableSet } from '../model/rotary';
import { ModelTensors } from '../model/tensors';
import type { TuningResult } from '../tuning/report';
import type { Blueprint } from './blueprint';
import { measureRates } from './calibrate';
import type { OpenDevice } from './labDevice';

/** What tuning needs from the platform. */
export interface TuningPorts {
  cache: TuningCache;
  /** What runs WebGPU here, with its version: another one may compile the same kernels otherwise. */
  runtime: string;
  /** Milliseconds tuning may take on first use of an adapter; 0 turns it off. */
  budgetMs: number;
}

export interface TuneRunOptions {
  /** Also where the cache has an answer. */
  again?: boolean;
  signal?: AbortSignal;
  onProgress?(done: number, total: number, what: string): void;
}

/** A choice of variants, with a sentence for each that was refused. */
export interface TunedRun extends TuningResult {
  refusals: string[];
}

/** Kernel variants for a run on this adapter: remembered, else tuned for at its shapes. @param whole under the default variants. */
export async function tuneRun(
  { gpu, pipelines }: OpenDevice,
  whole: Blueprint,
  ports: TuningPorts,
  options: TuneRunOptions = {},
): Promise<TunedRun> {
  // Not part of what a visit loads: on most, the cache answers, or nothing is trained.
  const { refusals, shapeClass, tune } = await import('../tuning/tune');
  const { config, model } = whole;
  const shape = timedRows(whole, gpu.facts.isSoftware);
  const tokens = shape.rows * shape.length;
  const timed = new ModelTensors(config, tokens, { half: model.half });
  const rotary = new RotaryTableSet(config, [shape.length]);
  const result = await tune({
    gpu,
    pipelines,
    preferred: whole.variants,
    plan: (variants) => trainProgram(new ProgramContext(timed, rotary, variants, shape)).dispatches,
    traits: { headDim: model.layout.padded.headDim, half: model.half },
    shapes: shapeClass(config, tokens, model.half),
    ...ports,
    ...options,
    measureRates: (variants) => measureRates(gpu, pipelines, config, variants, model.half),
  });
  return { ...result, refusals: refusals(result) };
}

/** Tokens of the micro-batch that is timed: more would only be more of the same tiles, and memory. */
const MOST_TOKENS = { software: 512, hardware: 4096 };

/** Rows of the stage that most of the run's FLOPs go to, shortened to what is timed. */
export function timedRows({ stages, plan }: Pick<Blueprint, 'stages' | 'plan'>, isSoftware: boolean): RowShape {
  const flops = plan.stages.map(({ steps, hardwareFlopsPerStep }) => steps * hardwareFlopsPerStep);
  const { sequenceLength, rowsPerMicroBatch } = stages[flops.indexOf(Math.max(...flops))].stage;
  const most = isSoftware ? MOST_TOKENS.software : MOST_TOKENS.hardware;
  const length = Math.min(sequenceLength, most);
  return { rows: Math.max(1, Math.min(rowsPerMicroBatch, Math.floor(most / length))), length };
}
