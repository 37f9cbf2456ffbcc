import { LabError } from '../core/errors';
import { helpText, parseCommandLine } from './commandLine';

/** Commands by name; each module is loaded when it is called, so that `plan` never opens a GPU. */
const commands = {
  devices: () => import('./devices').then(({ devices }) => devices),
  plan: () => import('./plan').then(({ plan }) => plan),
  train: () => import('./train').then(({ train }) => train),
  tune: () => import('./tune').then(({ tune }) => tune),
  check: () => import('./check').then(({ check }) => check),
  gate: () => import('./gate').then(({ gate }) => gate),
  eval: () => import('./eval').then(({ evaluate }) => evaluate),
  probe: () => import('./probe').then(({ probe }) => probe),
  reproduce: () => import('./reproduce').then(({ reproduce }) => reproduce),
  bench: () => import('./bench').then(({ bench }) => bench),
};

async function main(): Promise<number> {
  const [name, ...rest] = process.argv.slice(2);
  if (!name || name === 'help' || name === '--help') {
    process.stderr.write(helpText());
    return name ? 0 : 2;
  }
  if (!Object.hasOwn(commands, name)) {
    process.stderr.write(`lab: expected a command (${Object.keys(commands).join(', ')}), got ${name}; see lab --help\n`);
    return 2;
  }
  const command = await commands[name as keyof typeof commands]();
  return command(parseCommandLine(name, rest));
}

/** Node would drop what is still in the pipe at exit. */
function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

let code = 1;
try {
  code = await main();
} catch (error) {
  // A sentence for what the user can mend, a stack for what is our defect.
  const known = error instanceof LabError || (error as NodeJS.ErrnoException).code !== undefined;
  process.stderr.write(`lab: ${known ? (error as Error).message : (error as Error).stack}\n`);
}
await Promise.all([flush(process.stdout), flush(process.stderr)]);
// Dawn keeps Node alive.
process.exit(code);
