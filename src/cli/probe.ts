import { AttentionProbe, type AttentionSummary } from '../probes/attention';
import { openCheckpoint, runCheckpoint } from './checkpoint';
import { type CommandLine, wholeOption } from './commandLine';
import { createOutput, type Output } from './output';

/** `lab probe`: how far, how evenly and how much on the first token every head attends, over a fixed held-out row. */
export async function probe(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const checkpoint = await openCheckpoint(line);
  const { dataset, length } = checkpoint;
  const queries = wholeOption(line, 'queries', Math.min(128, length));
  const [source] = dataset.validationSources;
  const batch = dataset.validation(source, 1, length);
  output.progress('compiling kernels');
  const { built, engine, adapter } = await runCheckpoint(
    checkpoint,
    { rows: 1, length },
    (context) => new AttentionProbe(context, queries),
  );
  output.progress('reading held-out text');
  const summary = await built.run(engine, batch);
  engine.destroy();
  output.endProgress();
  output.line(`adapter: ${adapter}`);
  output.line(`${queries} queries of a row of ${length} tokens from ${source}, each with as much context as the row gives`);
  printHeads(output, summary);
  output.value({ adapter, source, tokenizer: dataset.tokenizer.name, ...summary });
  return 0;
}

function printHeads(output: Output, summary: AttentionSummary): void {
  const { heads, uniform } = summary;
  output.line();
  output.table([
    ['layer', 'head', 'distance', 'without first', 'entropy', 'on first token'],
    ...summary.meanDistance.map((distance, i) => [
      String(Math.floor(i / heads)),
      String(i % heads),
      distance.toFixed(1),
      summary.meanDistanceWithoutFirst[i].toFixed(1),
      summary.entropy[i].toFixed(3),
      summary.firstTokenMass[i].toFixed(4),
    ]),
    [
      'an even head',
      '',
      uniform.meanDistance.toFixed(1),
      uniform.meanDistanceWithoutFirst.toFixed(1),
      uniform.entropy.toFixed(3),
      uniform.firstTokenMass.toFixed(4),
    ],
  ]);
}
