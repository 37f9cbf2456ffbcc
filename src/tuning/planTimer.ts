import { type Gpu, withErrorScopes } from '../gpu/device';
import type { PipelineCache } from '../gpu/pipelines';
import { createPassClock, type PassClock } from '../gpu/profiler';
import type { Dispatch } from '../kernels/dispatch';
import { Executable, Program } from '../kernels/program';
import type { PlannedCall } from './planCalls';
import { TimingBuffers } from './timingBuffers';

/** Longer calls are timed by a piece that takes about this long: well under what a page or a watchdog notices. */
const PIECE_MS = 10;

/** The first piece that is tried of a long call; small enough for a software adapter. */
const FIRST_PIECE_FLOPS = 2 ** 24;

/** Short calls are repeated within a pass until it lasts about this long, since clocks tick in tenths of a millisecond. */
const PASS_MS = 5;
const MOST_REPEATS = 64;

/** What one sampled call of the plan took, all its occurrences together. */
export interface CallTime {
  shader: string;
  flops: number;
  ms: number;
}

/** A call, or a piece of it, ready to be repeated. */
interface TimedCall {
  executable: Executable;
  repeats: number;
  shader: string;
  /** Of the whole call, all occurrences; and of the piece that is run. */
  flops: number;
  pieceFlops: number;
}

/** Times the same calls of a plan under one variant after another. Only the first of a call's occurrences is run. */
export class PlanTimer {
  private readonly buffers: TimingBuffers;
  private readonly clock: PassClock;
  private readonly timed = new Map<string, TimedCall[]>();
  /** By label: FLOPs of the piece that stands for the call. */
  private readonly pieces = new Map<string, number>();

  constructor(
    private readonly gpu: Gpu,
    private readonly pipelines: PipelineCache,
    private readonly calls: readonly PlannedCall[],
  ) {
    this.buffers = new TimingBuffers(gpu.device);
    this.clock = createPassClock(gpu.device);
  }

  /** Compiles, binds and runs a variant's calls once. The first variant settles how long calls are shortened. */
  async prepare(variant: string): Promise<void> {
    await withErrorScopes(this.gpu.device, `time ${variant}`, async () => {
      const timed: TimedCall[] = [];
      this.timed.set(variant, timed);
      for (const call of this.calls) {
        const dispatch = call.byVariant.get(variant)!;
        if (!this.pieces.has(call.label)) this.pieces.set(call.label, await this.pieceFlops(dispatch));
        const piece = pieceOf(dispatch, this.pieces.get(call.label)!);
        const executable = await this.bind(piece);
        const ms = await this.run(executable, 1);
        const repeats = Math.round(Math.min(MOST_REPEATS, Math.max(1, PASS_MS / ms)));
        const { shader } = dispatch;
        timed.push({ executable, repeats, shader, flops: call.count * dispatch.flops, pieceFlops: piece.flops });
      }
    });
  }

  /** One round of a prepared variant. */
  async time(variant: string): Promise<CallTime[]> {
    const times: CallTime[] = [];
    for (const { executable, repeats, shader, flops, pieceFlops } of this.timed.get(variant)!)
      times.push({ shader, flops, ms: (await this.run(executable, repeats)) * (flops / pieceFlops) });
    return times;
  }

  destroy(): void {
    for (const { executable } of [...this.timed.values()].flat()) executable.destroy();
    this.clock.destroy();
    this.buffers.destroy();
  }

  /** Grows a piece until it lasts long enough, or is the whole call. */
  private async pieceFlops(dispatch: Dispatch): Promise<number> {
    for (let flops = FIRST_PIECE_FLOPS; ; ) {
      const piece = pieceOf(dispatch, flops);
      const executable = await this.bind(piece);
      const ms = await this.run(executable, 1);
      executable.destroy();
      if (piece.flops >= dispatch.flops || ms >= PIECE_MS / 2) return flops;
      flops *= Math.min(8, Math.max(2, PIECE_MS / ms));
    }
  }

  /** A call as an executable that has run once, so that what a first run costs is behind it. */
  private async bind(dispatch: Dispatch): Promise<Executable> {
    const program = new Program('tuning', [this.buffers.adopt(dispatch)]);
    const executable = await Executable.create(this.gpu.device, this.pipelines, program, this.buffers);
    await this.run(executable, 1);
    return executable;
  }

  /** Milliseconds of one run, of `repeats` in one pass. */
  private async run(executable: Executable, repeats: number): Promise<number> {
    const ms = await this.clock.measure('tuning', (pass) => {
      for (let i = 0; i < repeats; i++) executable.encode(pass);
    });
    return ms / repeats;
  }
}

/** A piece from the middle of the call, of about so many FLOPs: neither the start of the triangle of attention nor its end. */
function pieceOf(dispatch: Dispatch, flops: number): Dispatch {
  const pieces = dispatch.split?.(dispatch.flops / flops) ?? [dispatch];
  return pieces[Math.floor(pieces.length / 2)];
}
