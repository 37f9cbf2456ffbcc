import { describeDevice, type VariantUse } from '../session/headless/describeDevice';
import type { CommandLine } from './commandLine';
import { openDawn } from './dawn';
import { createOutput } from './output';
import { RUNTIME, tuningFile } from './tuningFile';

/** `lab devices`: the adapter as the lab would use it, and which kernels it would get. */
export async function devices(line: CommandLine): Promise<number> {
  const output = createOutput(line.json);
  const device = await describeDevice(openDawn(), { texts: await tuningFile().texts(), runtime: RUNTIME });
  output.line(`adapter: ${device.adapter}${device.isSoftware ? ', in software on the CPU' : ''}`);
  if (device.others.length) output.line(`also:    ${device.others.join('; ')}`);
  output.line(`features: ${device.features.join(', ')}`);
  if (device.subgroupMaxSize) output.line(`subgroups of ${device.subgroupMinSize} to ${device.subgroupMaxSize}`);
  output.line();
  output.table(Object.entries(device.limits).map(([name, value]) => [name, value.toLocaleString('en')]));
  output.line();
  output.table([
    ['operation', 'variant', 'used', 'why'],
    ...device.variants.map((use) => [use.operation, use.variant, usedText(use), use.reason]),
  ]);
  for (const { shapes, complete, changed } of device.tuned) {
    const changes = Object.entries(changed).map(([operation, variant]) => `${operation} ${variant}`);
    output.line();
    output.line(`tuned for ${shapes}${complete ? '' : ', not to the end'}: ${changes.join(', ') || 'all default'}`);
  }
  output.value(device);
  return 0;
}

function usedText({ usedAlways, usedAtHeadDim }: VariantUse): string {
  if (usedAlways) return 'yes';
  return usedAtHeadDim.length ? `head_dim ${usedAtHeadDim.join(', ')}` : '-';
}
