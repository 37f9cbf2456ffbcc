import { join } from 'node:path';
import { InputError } from '../core/errors';
import { breakShader } from '../session/check/breakShader';
import { checkGolden, passes } from '../session/check/check';
import { GOLDEN_FILES, parseGolden } from '../session/check/golden';
import { openGpu } from '../session/headless/openGpu';
import type { CommandLine } from './commandLine';
import { openDawn } from './dawn';
import { openAssets, readCheckpoint, readText } from './files';
import { createOutput } from './output';

/** `lab check`: golden values against the WGSL training path under every variant. Exit 1 beyond a tolerance. */
export async function check(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const [folder] = line.positionals;
  if (!line.options.checkpoint)
    throw new InputError(
      'lab check',
      '--checkpoint DIR',
      'none',
      'name the Hugging Face folder the golden values were made with',
    );
  const golden = parseGolden(await readGolden(folder));
  const checkpoint = await readCheckpoint(openAssets(line), line.options.checkpoint);
  const gpu = await openGpu(openDawn());
  const mendShader = line.options['break-shader'] ? breakShader(line.options['break-shader']) : undefined;
  const report = await checkGolden(gpu, golden, checkpoint, (changed) => output.progress(`checking ${changed}`)).finally(
    mendShader,
  );
  output.endProgress();
  output.line(`adapter: ${report.adapter}`);
  output.line(`golden:  ${Object.keys(golden).join(', ')} from ${folder}`);
  for (const { changed, variants, dispatches, quantities } of report.sets) {
    output.line();
    output.line(
      `variants${changed === 'default' ? ' (default)' : ''}: ${Object.entries(variants)
        .map(([operation, name]) => `${operation} ${name}`)
        .join(', ')}`,
    );
    output.line(
      `${dispatches} dispatches, ${quantities.length} quantities, ${quantities.filter((q) => !passes(q)).length} beyond tolerance`,
    );
    output.table([
      ['  quantity', 'error', 'tolerance', ''],
      ...worstOfEachKind(quantities).map((q) => [
        `  ${q.quantity}`,
        q.error.toExponential(2),
        q.tolerance.toExponential(0),
        passes(q) ? 'ok' : 'FAILS',
      ]),
    ]);
  }
  output.line();
  output.line(report.passed ? 'check passed' : 'check FAILED');
  output.value(report);
  return report.passed ? 0 : 1;
}

type Quantities = Awaited<ReturnType<typeof checkGolden>>['sets'][number]['quantities'];

/** The worst of every kind of quantity ("gradient, …"), and everything that fails. */
function worstOfEachKind(quantities: Quantities): Quantities {
  const worst = new Map<string, Quantities[number]>();
  for (const quantity of quantities) {
    const kind = passes(quantity) ? quantity.quantity.split(',')[0] : quantity.quantity;
    const known = worst.get(kind);
    if (!known || quantity.error / quantity.tolerance > known.error / known.tolerance) worst.set(kind, quantity);
  }
  return [...worst.values()];
}

async function readGolden(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of GOLDEN_FILES) {
    try {
      files.set(name, await readText(join(folder, name)));
    } catch {
      // A folder may hold only some of the files; what it lacks is not checked, and the report names what was.
    }
  }
  return files;
}
