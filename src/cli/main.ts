import { openDawn } from './dawn';

const adapter = await openDawn().requestAdapter();
if (!adapter) {
  console.error('devices: expected a WebGPU adapter, got none; install a Vulkan driver or Chromium (its SwiftShader is used)');
  process.exit(1);
}
const { vendor, architecture, device, description } = adapter.info;
console.log([vendor, architecture, device, description].filter(Boolean).join(' '));
// Dawn keeps Node alive.
process.exit(0);
