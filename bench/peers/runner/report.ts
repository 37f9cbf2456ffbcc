import type { Output } from '../../../src/cli/output';
import type { AdapterWithPeak, StepSample } from '../page/page';
import { CHECKED_STEPS, lossDifference } from './contest';
import type { Contestant, Dropout } from './contestant';

/** A library's part of the report: times and counts exist only where its losses agree. */
export interface PeerResult {
  name: string;
  version?: string;
  losses: number[];
  dropout?: Dropout;
  /** Medians of the samples, which are steps. */
  stepMs?: number;
  dispatches?: number;
  submits?: number;
  buffersCreated?: number;
  maps?: number;
  /** Largest sum of live GPU buffers, from the first on. */
  peakBytes?: number;
  samples: StepSample[];
}

export interface LengthReport {
  length: number;
  /** Ropewalk first. */
  peers: PeerResult[];
  /** Of Ropewalk's step, recomputation included. */
  flops?: number;
  /** These FLOPs at the adapter's measured multiply-add peak. */
  floorMs?: number;
  bestPeer?: string;
  /** Median step of the fastest other library over Ropewalk's. */
  timesFaster?: number;
}

export function lengthReport(length: number, contestants: readonly Contestant[], adapter: AdapterWithPeak): LengthReport {
  const peers = contestants.map(peerResult);
  const flops = contestants[0].opened?.flops;
  const [ropewalk, ...others] = peers;
  const best = others.filter(({ stepMs }) => stepMs !== undefined).toSorted((a, b) => a.stepMs! - b.stepMs!)[0];
  return {
    length,
    peers,
    flops,
    floorMs: flops && flops / adapter.fmaGflopsPerSecond / 1e6,
    bestPeer: best?.name,
    timesFaster: best && ropewalk.stepMs ? best.stepMs! / ropewalk.stepMs : undefined,
  };
}

function peerResult({ name, opened, checkedLosses: losses, dropout, samples }: Contestant): PeerResult {
  const result: PeerResult = { name, version: opened?.version, losses, dropout, samples };
  if (samples.length === 0) return result;
  const middle = (field: keyof StepSample) => median(samples.map((sample) => sample[field]));
  return {
    ...result,
    stepMs: middle('ms'),
    dispatches: middle('dispatches'),
    submits: middle('submits'),
    buffersCreated: middle('buffersCreated'),
    maps: middle('maps'),
    peakBytes: samples.at(-1)!.peakBytes,
  };
}

export function printLosses(output: Output, contestants: readonly Contestant[]): void {
  const [ropewalk] = contestants;
  output.table([
    ['losses', ...Array.from({ length: CHECKED_STEPS }, (_, i) => `step ${i + 1}`), ''],
    ...contestants.map((contestant) => [
      contestant.name,
      ...Array.from({ length: CHECKED_STEPS }, (_, i) => contestant.checkedLosses[i]?.toFixed(6) ?? '-'),
      verdict(contestant, ropewalk),
    ]),
  ]);
}

function verdict(contestant: Contestant, ropewalk: Contestant): string {
  if (contestant.dropout) return dropoutText(contestant.dropout);
  return contestant === ropewalk ? '' : `equal within ${lossDifference(contestant, ropewalk).toExponential(1)}`;
}

export function printLength(output: Output, { peers, floorMs }: LengthReport): void {
  const ropewalkMs = peers[0].stepMs;
  output.table([
    ['library', 'step', 'fastest', 'slowest', '× Ropewalk', 'peak MB', 'dispatches', 'submits', 'buffers', 'maps'],
    ...peers.map(({ name, stepMs, samples, peakBytes, ...counts }) => {
      if (stepMs === undefined) return [name, ...Array(9).fill('-')];
      const times = samples.map(({ ms }) => ms);
      return [
        name,
        ...[stepMs, Math.min(...times), Math.max(...times)].map(duration),
        ropewalkMs ? (stepMs / ropewalkMs).toFixed(2) : '-',
        (peakBytes! / 1e6).toFixed(1),
        ...[counts.dispatches, counts.submits, counts.buffersCreated, counts.maps].map((count) => count!.toFixed(0)),
      ];
    }),
  ]);
  for (const { name, losses, dropout } of peers)
    if (dropout?.status === 'failed' && losses.length === CHECKED_STEPS) output.line(`${name}: ${dropoutText(dropout)}`);
  if (floorMs && ropewalkMs)
    output.line(
      `arithmetic floor: Ropewalk's FLOPs at the measured peak take ${duration(floorMs)}, ${(100 * (floorMs / ropewalkMs)).toFixed(0)} % of its step`,
    );
}

export function printSummary(output: Output, lengths: readonly LengthReport[]): void {
  output.table([
    ['tokens', 'Ropewalk', 'floor', 'best peer', 'its step', 'times faster', 'its memory ÷ Ropewalk’s'],
    ...lengths.map(({ length, peers, floorMs, bestPeer, timesFaster }) => {
      const [ropewalk] = peers;
      const best = peers.find(({ name }) => name === bestPeer);
      return [
        String(length),
        ropewalk.stepMs === undefined ? '-' : duration(ropewalk.stepMs),
        floorMs === undefined ? '-' : duration(floorMs),
        bestPeer ?? '-',
        best ? duration(best.stepMs!) : '-',
        timesFaster?.toFixed(2) ?? '-',
        best && ropewalk.peakBytes ? (best.peakBytes! / ropewalk.peakBytes).toFixed(1) : '-',
      ];
    }),
  ]);
}

function dropoutText({ status, reason }: Dropout): string {
  return status === 'losses differ' ? `losses differ ${reason}` : `${status}: ${reason}`;
}

/** Three digits. */
function duration(ms: number): string {
  return ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${(ms / 1000).toPrecision(3)} s`;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
