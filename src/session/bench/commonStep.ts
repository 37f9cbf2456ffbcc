import type { Batch } from '../../core/batch';
import { batchFromIds } from '../../core/batch';
import type { ModelConfig } from '../../core/modelConfig';
import { Rng } from '../../core/rng';
import type { Gpu } from '../../gpu/device';
import type { PipelineCache } from '../../gpu/pipelines';
import { defaultVariants } from '../../kernels/families';
import type { Program } from '../../kernels/program';
import { ProgramContext } from '../../model/context';
import { type Engine, type MemoryPlan, planMemory } from '../../model/engine';
import { optimizerProgram, trainProgram } from '../../model/programs';
import { RotaryTableSet } from '../../model/rotary';
import { ModelTensors } from '../../model/tensors';
import { initialWeights, type NamedWeights } from '../../model/weights';
import { METRIC_STAGING_BYTES, type StepMetrics, Stepper } from '../../training/stepper';
import { openEngine } from '../openEngine';

/** The training step on which other systems were measured: two layers, 256 tokens of vocabulary, one row, float32. */
export const COMMON_MODEL: ModelConfig = {
  vocabSize: 256,
  hiddenSize: 64,
  intermediateSize: 192,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  headDim: 16,
  maxPositionEmbeddings: 2048,
  rmsNormEps: 1e-5,
  tieWordEmbeddings: true,
  initializerRange: 0.02,
  bosTokenId: 0,
  eosTokenId: 0,
  ropeParameters: { rope_type: 'default', rope_theta: 10_000 },
};

const SETTINGS = { learningRate: 1e-3, betas: [0.9, 0.95], eps: 1e-8, weightDecay: 0.1, maxGradNorm: 1 } as const;

/** The common step at one length, ready to be replayed: training and optimizer programs, nothing else on the device. */
export class CommonStep {
  private steps = 0;

  private constructor(
    readonly engine: Engine,
    readonly model: ModelTensors,
    readonly train: Program,
    readonly optimizer: Program,
    readonly plan: MemoryPlan,
    private readonly stepper: Stepper,
    private readonly batch: Batch,
    private readonly weights: NamedWeights,
  ) {}

  static async open(gpu: Gpu, pipelines: PipelineCache, length: number): Promise<CommonStep> {
    const model = new ModelTensors(COMMON_MODEL, length);
    const rotary = new RotaryTableSet(COMMON_MODEL, [length]);
    const variants = defaultVariants(gpu.facts, COMMON_MODEL);
    const train = trainProgram(new ProgramContext(model, rotary, variants, { rows: 1, length }));
    const optimizer = optimizerProgram(model);
    const plan = planMemory([train, optimizer], METRIC_STAGING_BYTES);
    const weights = initialWeights(COMMON_MODEL, 0);
    const engine = await openEngine({ gpu, pipelines, model, rotary, weights, programs: [train, optimizer] });
    const stepper = new Stepper(engine, model, optimizer);
    const rng = Rng.of(0, `bench/length ${length}`);
    const ids = Array.from({ length }, () => rng.integer(COMMON_MODEL.vocabSize));
    const step = new CommonStep(engine, model, train, optimizer, plan, stepper, batchFromIds([ids]), weights);
    step.reset();
    return step;
  }

  /** FLOPs a step executes, recomputation included. */
  get flops(): number {
    return this.train.flops + this.optimizer.flops;
  }

  /** Back to the first step: initial weights, no moments. */
  reset(): void {
    const { weights, moment1, moment2, metrics } = this.model.optimizer;
    const zeros = new Float32Array(this.model.layout.size);
    this.engine.write(weights, this.model.layout.pack(this.weights));
    this.engine.write(moment1, zeros);
    this.engine.write(moment2, zeros);
    this.engine.write(metrics, new Float32Array([0, 0, 1, 1]));
    this.steps = 0;
  }

  /** One optimizer step, its metrics read back. */
  async run(): Promise<StepMetrics> {
    const { metrics } = await this.stepper.submit(this.train, [this.batch], SETTINGS, ++this.steps);
    return metrics;
  }

  destroy(): void {
    this.stepper.destroy();
    this.engine.destroy();
  }
}
