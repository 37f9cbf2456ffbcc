import { doublingGain, PAPER_CONTEXT_LAWS } from '../core/contextLaw';
import { type CheckpointEvaluation, evaluateCheckpoint } from '../session/headless/measureCheckpoint';
import { openCheckpoint } from '../session/headless/openCheckpoint';
import { openGpu } from '../session/headless/openGpu';
import { type CommandLine, optionalWhole, wholeOption } from './commandLine';
import { openDawn } from './dawn';
import { checkpointPlace, openAssets } from './files';
import { createOutput, type Output } from './output';

/** `lab eval`: held-out loss by source and position, and retrieval. */
export async function evaluate(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const options = {
    rows: wholeOption(line, 'rows', 8),
    baselines: Boolean(line.options.baselines),
    contextLaw: Boolean(line.options['context-law']),
  };
  const assets = openAssets(line);
  const place = checkpointPlace(assets, line.positionals[0]);
  const checkpoint = await openCheckpoint(assets, place, {
    tokenizer: line.options.tokenizer,
    length: optionalWhole(line, 'length'),
  });
  output.progress('compiling kernels and reading held-out text');
  const result = await evaluateCheckpoint(await openGpu(openDawn()), checkpoint, options);
  output.endProgress();
  output.line(`adapter: ${result.adapter}`);
  output.line(`${result.rows} windows of ${result.length} tokens per source, tokenizer ${result.tokenizer}`);
  printSources(output, result.sources);
  printPositions(output, result.byPosition);
  for (const { task, points } of result.retrieval) printRetrieval(output, task, points);
  if (result.contextLaw) printContextLaw(output, result.contextLaw);
  output.value(result);
  return 0;
}

function printSources(output: Output, sources: CheckpointEvaluation['sources']): void {
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

function printPositions(output: Output, bins: CheckpointEvaluation['byPosition']): void {
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

function printRetrieval(output: Output, task: string, points: CheckpointEvaluation['retrieval'][number]['points']): void {
  output.line();
  output.line(task);
  output.table([
    ['tokens', 'answer loss', 'not told', 'exact', 'in class', 'ROUGE-L', 'answers'],
    ...points.map(({ distance, answerLoss, controlLoss, exactMatch, classMatch, rougeL, answers }) => [
      String(distance),
      answerLoss.toFixed(4),
      controlLoss.toFixed(4),
      exactMatch.toFixed(2),
      (classMatch ?? exactMatch).toFixed(2),
      rougeL?.toFixed(1) ?? '-',
      String(answers),
    ]),
  ]);
}

function printContextLaw(output: Output, law: NonNullable<CheckpointEvaluation['contextLaw']>): void {
  output.line();
  output.line('context law L(c) = (alpha/c)^beta + gamma');
  if (!law.fitted) {
    output.line(law.reason);
    return;
  }
  const { intervals } = law;
  const within = (name: keyof typeof intervals) =>
    `${intervals[name].lower.toPrecision(3)} to ${intervals[name].upper.toPrecision(3)}`;
  output.table([
    ['model', 'alpha', 'beta', 'gamma', '2^-beta'],
    ...[{ model: 'this', ...law }, ...PAPER_CONTEXT_LAWS].map(({ model, alpha, beta, gamma }) => [
      model,
      alpha.toPrecision(3),
      beta.toFixed(2),
      gamma.toFixed(2),
      (1 - doublingGain(beta)).toFixed(3),
    ]),
  ]);
  output.line(`95 % over ${law.documents} windows: alpha ${within('alpha')}, beta ${within('beta')}, gamma ${within('gamma')}`);
  output.line('the others are the paper’s fits (Fig. 1), of other text in other tokens');
}
