import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { createOutput } from '../../../src/cli/output';
import { type AdapterKind, servePage, Tab } from './browser';
import { type Arena, contest } from './contest';
import { HELP, type Options, parseOptions } from './options';
import { type LengthReport, lengthReport, printLength, printLosses, printSummary } from './report';

const DESCRIBE_LIMIT_MS = 60_000;

const output = createOutput(false);

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) await runPeers(options);
  else output.line(HELP);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function runPeers(options: Options): Promise<void> {
  const server = await servePage();
  try {
    const { url } = server;
    const adapterKind = options.adapter ?? (await findHardware(url));
    const { adapter, browser, model } = await describe(url, adapterKind);
    const machine = { cpu: cpus()[0].model, cores: cpus().length, memoryBytes: totalmem(), platform: `${platform()} ${arch()}` };
    output.line(`${adapter.name}, Chromium ${browser}, ${machine.cpu}, ${machine.cores} cores`);
    output.line(`peak: ${adapter.fmaGflopsPerSecond.toFixed(1)} GFLOP/s of multiply-adds`);
    if (adapter.isSoftware)
      output.line('This adapter is a CPU: times do not rank GPUs, bytes and counts are those of any adapter.');
    const arena: Arena = { url, adapter: adapterKind, failedBefore: new Map() };
    const lengths: LengthReport[] = [];
    for (const length of options.lengths) {
      output.line(`\n${length} tokens`);
      const contestants = await contest(arena, length, options, (checked) => printLosses(output, checked));
      const report = lengthReport(length, contestants, adapter);
      printLength(output, report);
      lengths.push(report);
    }
    output.line();
    printSummary(output, lengths);
    if (options.out) {
      const command = ['npm start --', ...process.argv.slice(2)].join(' ');
      write(options.out, { date: new Date().toISOString(), command, machine, browser, adapter, model, lengths });
    }
    if (lengths.some(({ peers: [ropewalk] }) => ropewalk.dropout)) process.exitCode = 1;
  } finally {
    await server.close();
  }
}

/** Hardware where the browser has a real GPU to offer, else its software adapter. */
async function findHardware(url: string): Promise<AdapterKind> {
  const tab = await Tab.open(url, 'hardware');
  try {
    return (await tab.call(DESCRIBE_LIMIT_MS, 'adapter')).isSoftware ? 'swiftshader' : 'hardware';
  } catch {
    return 'swiftshader'; // no adapter at all
  } finally {
    await tab.close();
  }
}

async function describe(url: string, kind: AdapterKind) {
  const tab = await Tab.open(url, kind);
  try {
    const adapter = await tab.call(DESCRIBE_LIMIT_MS, 'adapterWithPeak');
    return { adapter, browser: tab.browserVersion, model: await tab.call(DESCRIBE_LIMIT_MS, 'model') };
  } finally {
    await tab.close();
  }
}

function write(path: string, value: unknown): void {
  // npm runs scripts in the package's folder; paths on the command line are meant from where the user stands.
  const file = resolve(process.env.INIT_CWD ?? '.', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
  output.line(`written to ${file}`);
}
