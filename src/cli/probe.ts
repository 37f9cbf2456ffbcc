import { type CheckpointAttention, probeCheckpoint } from '../session/headless/measureCheckpoint';
import { openCheckpoint } from '../session/headless/openCheckpoint';
import { openGpu } from '../session/headless/openGpu';
import { type CommandLine, optionalWhole, wholeOption } from './commandLine';
import { openDawn } from './dawn';
import { checkpointPlace, openAssets } from './files';
import { createOutput, type Output } from './output';

/** `lab probe`: how far, how evenly and how much on the first token every head attends, over a fixed held-out row. */
export async function probe(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const assets = openAssets(line);
  const place = checkpointPlace(assets, line.positionals[0]);
  const options = { tokenizer: line.options.tokenizer, length: optionalWhole(line, 'length') };
  const checkpoint = await openCheckpoint(assets, place, options);
  const queries = wholeOption(line, 'queries', Math.min(128, checkpoint.length));
  output.progress('compiling kernels and reading held-out text');
  const result = await probeCheckpoint(await openGpu(openDawn()), checkpoint, queries);
  output.endProgress();
  output.line(`adapter: ${result.adapter}`);
  output.line(
    `${queries} queries of a row of ${result.length} tokens from ${result.source}, each with as much context as the row gives`,
  );
  printHeads(output, result);
  output.value(result);
  return 0;
}

function printHeads(output: Output, summary: CheckpointAttention): void {
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
