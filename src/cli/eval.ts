import type { PositionBin, RetrievalRecord, ValidationRecord } from '../core/records';
import type { KneserNeyLosses } from '../data/kneserNey';
import { Evaluation } from '../probes/evaluation';
import { measureRetrieval, measureValidation, type SourceWindows, tableBaseline } from '../session/heldOut';
import { openCheckpoint, runCheckpoint } from './checkpoint';
import { type CommandLine, wholeOption } from './commandLine';
import { createOutput, type Output } from './output';

/** Tokens that one replay takes where rows are short. */
const TOKENS_PER_REPLAY = 4096;

/** A source's row of the table: the model, and tables over the same targets where asked for. */
type SourceResult = ValidationRecord['sources'][number] & { baselines?: KneserNeyLosses };

/** `lab eval`: held-out loss by source and position, and keyed-fact retrieval. */
export async function evaluate(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const rows = wholeOption(line, 'rows', 8);
  const checkpoint = await openCheckpoint(line);
  const { dataset, length } = checkpoint;
  const windows: SourceWindows[] = dataset.validationSources.map((source) => ({
    source,
    batch: dataset.validation(source, rows, length),
  }));
  const retrievalProbe = dataset.retrieval(rows, length);
  const shape = { rows: Math.max(1, Math.min(rows, Math.floor(TOKENS_PER_REPLAY / length))), length };
  output.progress('compiling kernels');
  const { built: evaluation, engine, adapter } = await runCheckpoint(checkpoint, shape, (context) => new Evaluation(context));
  output.progress('reading held-out text');
  const validation = await measureValidation(engine, evaluation, windows, dataset.tokenizer.tokenBytes);
  const retrieval = await measureRetrieval(engine, evaluation, retrievalProbe);
  engine.destroy();
  output.endProgress();
  const sources: SourceResult[] = validation.sources.map((source, i) =>
    line.options.baselines ? { ...source, baselines: tableBaseline(dataset, windows[i]) } : source,
  );
  output.line(`adapter: ${adapter}`);
  output.line(`${rows} windows of ${length} tokens per source, tokenizer ${dataset.tokenizer.name}`);
  printSources(output, sources);
  printPositions(output, validation.byPosition);
  printRetrieval(output, retrieval.points);
  output.value({ adapter, rows, tokenizer: dataset.tokenizer.name, ...validation, sources, retrieval: retrieval.points });
  return 0;
}

function printSources(output: Output, sources: readonly SourceResult[]): void {
  const withBaselines = sources.some(({ baselines }) => baselines);
  output.line();
  output.table([
    ['source', 'tokens', 'loss', 'bits per byte', ...(withBaselines ? ['bigram', 'unigram', 'uniform'] : [])],
    ...sources.map(({ source, tokens, loss, bitsPerByte, baselines }) => [
      source,
      String(tokens),
      loss.toFixed(4),
      bitsPerByte.toFixed(4),
      ...(baselines ? [baselines.bigram, baselines.unigram, baselines.uniform].map((nats) => nats.toFixed(4)) : []),
    ]),
  ]);
  if (withBaselines)
    output.line('bigram, unigram: interpolated Kneser-Ney tables of the training text, nats per token on the same targets');
}

function printPositions(output: Output, bins: readonly PositionBin[]): void {
  output.line();
  output.table([
    ['context', 'loss', 'standard error', 'tokens'],
    ...bins.map(({ from, to, loss, standardError, tokens }) => [
      to - from === 1 ? String(from) : `${from}-${to - 1}`,
      loss.toFixed(4),
      standardError.toFixed(4),
      String(tokens),
    ]),
  ]);
}

function printRetrieval(output: Output, points: RetrievalRecord['points']): void {
  output.line();
  output.table([
    ['distance', 'answer loss', 'without the fact', 'exact', 'answers'],
    ...points.map(({ distance, answerLoss, controlLoss, exactMatch, answers }) => [
      String(distance),
      answerLoss.toFixed(4),
      controlLoss.toFixed(4),
      exactMatch.toFixed(2),
      String(answers),
    ]),
  ]);
}
