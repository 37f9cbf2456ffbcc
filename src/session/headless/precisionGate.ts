import { FLOAT16_MAX, FLOAT16_MIN_NORMAL } from '../../core/float16';
import type { AssetReader } from '../../core/ports';
import type { Recipe } from '../../core/recipe';
import type { RunRecord } from '../../core/records';
import { loadTokenizer } from '../../data/tokenizer';
import { adapterName, type Gpu } from '../../gpu/device';
import { PipelineCache } from '../../gpu/pipelines';
import { defaultVariants } from '../../kernels/families';
import type { VariantSet } from '../../kernels/variants';
import { ProgramContext } from '../../model/context';
import { Engine } from '../../model/engine';
import { encodeLayers } from '../../model/forward';
import { ModelTensors } from '../../model/tensors';
import { uploadBatch } from '../../model/upload';
import { ActiveRun } from '../activeRun';
import { checkFits, createBlueprint } from '../blueprint';
import { pacedBlueprint } from '../calibrate';
import type { LoadedCheckpoint } from '../checkpointFiles';
import { Dataset } from '../dataset';
import { resolveModel, tokenizerNameOf } from '../resolveModel';
import { startFromWeights } from '../runStart';

export interface GateOptions {
  gpu: Gpu;
  assets: AssetReader;
  recipe: Recipe;
  checkpoint?: LoadedCheckpoint;
  /** Optimizer steps of each run. */
  steps: number;
  variants: VariantSet;
  onStep(precision: Recipe['precision'], step: number, loss: number): void;
}

/** What float16 could not hold of a tensor: WGSL may flush subnormal values to zero, and larger ones are clamped. */
export interface HalfCensus {
  tensor: string;
  values: number;
  /** Share of values, zero left out, whose size is below the smallest normal float16, 2^-14. */
  belowNormal: number;
  /** Share above 65,504. */
  clamped: number;
}

export interface GateReport {
  adapter: string;
  variants: VariantSet;
  steps: number;
  /** Mean loss over the first and the last `window` steps. */
  window: number;
  float32: { first: number; last: number; losses: number[] };
  float16: { first: number; last: number; losses: number[] };
  /** |float16 − float32| / float32, of the means over the last steps. */
  difference: number;
  /** Nats by which the float32 loss fell. */
  fall: number;
  passed: boolean;
  /** Of the float32 run's trained weights and of its activations on a batch. */
  census: HalfCensus[];
}

/** A run in float16 passes where its loss ends within this share of the float32 run's, */
const MOST_DIFFERENCE = 0.01;
/** and the run was long enough to mean something: the loss fell by this many nats. */
const LEAST_FALL = 0.3;

/** Trains a recipe twice from the same weights on the same rows, in float32 and in float16, and compares the curves. */
export async function runPrecisionGate(options: GateOptions): Promise<GateReport> {
  // First the one that an adapter may lack: it is refused before anything is trained.
  const float16 = await lossCurve(options, 'float16');
  const float32 = await lossCurve(options, 'float32');
  const window = Math.max(1, Math.ceil(options.steps / 25));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const ends = ({ losses }: { losses: number[] }) => ({
    first: mean(losses.slice(0, window)),
    last: mean(losses.slice(-window)),
    losses,
  });
  const [full, half] = [ends(float32), ends(float16)];
  const difference = Math.abs(half.last - full.last) / full.last;
  const fall = full.first - full.last;
  return {
    adapter: adapterName(options.gpu.facts),
    variants: float32.variants,
    steps: options.steps,
    window,
    float32: full,
    float16: half,
    difference,
    fall,
    passed: difference <= MOST_DIFFERENCE && fall >= LEAST_FALL,
    census: float32.census,
  };
}

async function lossCurve(
  { gpu, assets, checkpoint, steps, onStep, ...options }: GateOptions,
  precision: Recipe['precision'],
): Promise<{ losses: number[]; census: HalfCensus[]; variants: VariantSet }> {
  const recipe: Recipe = { ...options.recipe, precision };
  const tokenizer = await loadTokenizer(assets, tokenizerNameOf(recipe, checkpoint));
  const { config, weights, baseLength } = resolveModel(recipe, tokenizer, checkpoint);
  const variants = { ...defaultVariants(gpu.facts, config), ...options.variants };
  const pipelines = new PipelineCache(gpu.device);
  const whole = createBlueprint({ recipe, config, variants, baseLength });
  checkFits(whole, gpu.facts);
  const blueprint = await pacedBlueprint(gpu, pipelines, whole, { recipe, config, variants, baseLength });
  const losses: number[] = [];
  const emit = (record: RunRecord) => {
    if (record.type !== 'step') return;
    losses.push(record.loss);
    onStep(precision, record.step, record.loss);
  };
  const dataset = await Dataset.load(assets, tokenizer, []);
  const run = await ActiveRun.create({ gpu, pipelines, blueprint, dataset, start: startFromWeights(config, weights), emit });
  try {
    while (run.progress.step < steps && !run.exhausted) await run.step();
    await run.settle();
    return { losses, variants, census: precision === 'float32' ? await takeCensus(run, gpu, pipelines) : [] };
  } finally {
    run.destroy();
  }
}

/** Looks through a run's weights, and its activations on the next row of its data. */
async function takeCensus({ blueprint, engine, stream }: ActiveRun, gpu: Gpu, pipelines: PipelineCache): Promise<HalfCensus[]> {
  const { model, rotary, variants, stages } = blueprint;
  const length = stages[0].stage.sequenceLength;
  const beside = new ModelTensors(model.config, length, { weightsOf: model });
  const context = new ProgramContext(beside, rotary, variants, { rows: 1, length });
  const qkv: (typeof kept)[number]['o'][] = [];
  const { kept } = encodeLayers(context, (moment) => qkv.push(moment.qkv));
  const tensors = kept.flatMap(({ x, o }, layer) => [x, qkv[layer], o]);
  const program = context.program('census', tensors);
  const layers = await Engine.create(gpu, pipelines, [program], undefined, engine);
  try {
    uploadBatch(layers, beside, stream.next(1, length), 1);
    layers.run(program);
    const activations = await layers.read(tensors, program);
    const [weights] = await engine.read([model.optimizer.weights]);
    return [
      ...activations.map((values, i) =>
        halfCensus(`layer ${Math.floor(i / 3)} ${['input', 'q, k, v', 'attention output'][i % 3]}`, values),
      ),
      ...[...model.layout.unpack(weights)].map(([name, values]) => halfCensus(name, values)),
    ];
  } finally {
    layers.destroy();
  }
}

/** Counts over the float32 values, before anything rounds or clamps them. */
export function halfCensus(tensor: string, values: Float32Array): HalfCensus {
  let belowNormal = 0;
  let clamped = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size > 0 && size < FLOAT16_MIN_NORMAL) belowNormal++;
    if (size > FLOAT16_MAX) clamped++;
  }
  return { tensor, values: values.length, belowNormal: belowNormal / values.length, clamped: clamped / values.length };
}
