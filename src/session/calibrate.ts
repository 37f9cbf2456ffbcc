import { batchFromIds } from '../core/batch';
import type { ModelConfig } from '../core/modelConfig';
import { DEFAULT_PACE_LIMITS, type PaceLimits } from '../core/paceLimits';
import type { Gpu } from '../gpu/device';
import { oncePerDevice } from '../gpu/oncePerDevice';
import type { PipelineCache } from '../gpu/pipelines';
import { matmulNt } from '../kernels/matmul';
import { matmulNtFamily } from '../kernels/matmulVariants';
import { type AdapterRates, paceOf } from '../kernels/pace';
import { Program } from '../kernels/program';
import { createTensor } from '../kernels/tensor';
import type { VariantSet } from '../kernels/variants';
import { ProgramContext } from '../model/context';
import { Engine } from '../model/engine';
import { optimizerProgram, trainProgram } from '../model/programs';
import { RotaryTableSet } from '../model/rotary';
import { ModelTensors } from '../model/tensors';
import { uploadBatch } from '../model/upload';
import type { TuningResult } from '../tuning/report';
import { dispatchTimes } from './bench/profile';
import { type Blueprint, type BlueprintOptions, createBlueprint } from './blueprint';

/** Long enough to drown the queue's latency, short enough not to be noticed. */
const ENOUGH_MS = 30;

/** Sustained FLOP/s of a training-sized matmul, measured in well under a second: what a first ETA rests on. */
export const measureFlopsPerSecond = oncePerDevice(async (gpu: Gpu, pipelines: PipelineCache): Promise<number> => {
  const size = gpu.facts.isSoftware ? 128 : 1024;
  const tensor = (name: string) => createTensor(name, [size, size], 'working set');
  const variants = { [matmulNtFamily.operation]: matmulNtFamily.preferred(gpu.facts) };
  const dispatch = matmulNt({ role: 'calibration', a: tensor('a'), b: tensor('b'), c: tensor('c') }, variants);
  const program = new Program('calibration', [dispatch]);
  const engine = await Engine.create(gpu, pipelines, [program]);
  try {
    await time(engine, program, 1);
    for (let repeats = 1; ; repeats *= 4) {
      const ms = await time(engine, program, repeats);
      if (ms < ENOUGH_MS && repeats < 4096) continue;
      // What a page does while it opens can only add.
      const best = Math.min(ms, await time(engine, program, repeats), await time(engine, program, repeats));
      return (program.flops * repeats) / (best / 1000);
    }
  } finally {
    engine.destroy();
  }
});

/** How much slower than a matmul any kernel of a step may be before its work counts as short without being measured. */
const SLOWEST_KERNEL = 8;

/** What is known when a blueprint is paced. */
export interface PacingOptions {
  limits?: PaceLimits;
  /** Variants in place of the blueprint's, and what they sustain where that was measured. */
  tuned?: Pick<TuningResult, 'variants' | 'rates'>;
}

/**
 * A blueprint again, made from the same options under tuned variants if there are any, with long calls cut and submits kept short on this
 * adapter. Where rates are not known and even a pessimist expects the whole step within the limits, nothing is measured and nothing cut.
 */
export async function pacedBlueprint(
  gpu: Gpu,
  pipelines: PipelineCache,
  whole: Blueprint,
  untuned: BlueprintOptions,
  { limits = DEFAULT_PACE_LIMITS, tuned }: PacingOptions = {},
): Promise<Blueprint> {
  const options = { ...untuned, ...(tuned && { variants: tuned.variants }) };
  const paced = (rates: AdapterRates) => createBlueprint({ ...options, pace: paceOf(rates, limits) });
  if (tuned?.rates) return paced(tuned.rates);
  const flopsPerSecond = (await measureFlopsPerSecond(gpu, pipelines)) / SLOWEST_KERNEL;
  const ms = (flops: number) => (1000 * flops) / flopsPerSecond;
  const dispatches = whole.programs.flatMap((program) => program.dispatches);
  const isShort =
    dispatches.every(({ flops }) => ms(flops) <= limits.maxDispatchMs) &&
    whole.programs.every(({ flops }) => ms(flops) <= limits.maxSubmitMs);
  if (isShort) return tuned ? createBlueprint(options) : whole;
  return paced(await measureRates(gpu, pipelines, options.config, options.variants, whole.model.half));
}

/** No kernel ends sooner than this; a clock that ticks more slowly may say so. */
const SHORTEST_KERNEL_MS = 1e-3;

/** Tokens of the step that is timed: enough that attention is about as fast as over long rows. */
const CALIBRATION_TOKENS = { software: 256, hardware: 1024 };

/**
 * What every kernel of a training step sustains here: the step of one layer of this model over a short row, call by call. Attention is a
 * little slower over short rows than over long ones, which errs on the safe side.
 */
export async function measureRates(
  gpu: Gpu,
  pipelines: PipelineCache,
  config: ModelConfig,
  variants: VariantSet,
  half: boolean,
): Promise<AdapterRates> {
  const tokens = gpu.facts.isSoftware ? CALIBRATION_TOKENS.software : CALIBRATION_TOKENS.hardware;
  const one = { ...config, numHiddenLayers: 1 };
  const model = new ModelTensors(one, tokens, { half });
  const context = new ProgramContext(model, new RotaryTableSet(one, [tokens]), variants, { rows: 1, length: tokens });
  const programs = [trainProgram(context), optimizerProgram(model)];
  const engine = await Engine.create(gpu, pipelines, programs);
  const totals = new Map<string, { flops: number; bytes: number; seconds: number }>();
  try {
    // One document: with none, there would be no key that a query sees.
    const ids = Array.from({ length: tokens }, (_, i) => i % config.vocabSize);
    uploadBatch(engine, model, batchFromIds([ids]), tokens);
    for (const program of programs) {
      const times = await dispatchTimes(engine, program);
      program.dispatches.forEach(({ shader, flops, bytes }, i) => {
        const total = totals.get(shader) ?? { flops: 0, bytes: 0, seconds: 0 };
        const seconds = total.seconds + Math.max(times[i], SHORTEST_KERNEL_MS) / 1000;
        totals.set(shader, { flops: total.flops + flops, bytes: total.bytes + bytes, seconds });
      });
    }
  } finally {
    engine.destroy();
  }
  const rates = [...totals]
    .map(([shader, { flops, seconds }]) => [shader, flops / seconds] as const)
    .filter(([, rate]) => rate > 0);
  return {
    flopsPerSecond: Object.fromEntries(rates),
    otherFlopsPerSecond: Math.min(...rates.map(([, rate]) => rate)),
    bytesPerSecond: Math.max(...[...totals.values()].map(({ bytes, seconds }) => bytes / seconds)),
  };
}

async function time(engine: Engine, program: Program, repeats: number): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < repeats; i++) engine.run(program);
  await engine.gpu.device.queue.onSubmittedWorkDone();
  return performance.now() - started;
}
