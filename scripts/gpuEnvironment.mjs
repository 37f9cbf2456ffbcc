/**
 * The environment in which a child Node can run Dawn. Linux needs a Vulkan loader and a driver; a machine without a GPU
 * has neither, but every Chromium carries both (libvulkan.so.1 and SwiftShader). macOS and Windows need nothing.
 */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findSwiftShader } from './findBrowser.mjs';

/**
 * Variables to add to the child's environment. They must be there when it starts: the loader reads them only then.
 * `VK_DRIVER_FILES` that is already set (lavapipe, a chosen driver) is kept.
 * @param {string | undefined} adapter 'swiftshader' forces the software driver; anything else takes hardware where there is some
 * @returns {Record<string, string>}
 */
export function gpuEnvironment(adapter = process.env.LAB_ADAPTER) {
  if (process.platform !== 'linux') return {};
  const swiftShader = findSwiftShader();
  if (!swiftShader) return {};
  /** @type {Record<string, string>} */
  const environment = {};
  if (!process.env.VK_DRIVER_FILES && (adapter === 'swiftshader' || !hasHardwareVulkan())) {
    environment.VK_DRIVER_FILES = join(swiftShader, 'vk_swiftshader_icd.json');
  }
  if (!hasVulkanLoader() && existsSync(join(swiftShader, 'libvulkan.so.1'))) {
    environment.LD_LIBRARY_PATH = [swiftShader, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
  }
  return environment;
}

function hasVulkanLoader() {
  const named = (process.env.LD_LIBRARY_PATH ?? '').split(delimiter).filter(Boolean);
  const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib', '/usr/local/lib'];
  return [...named, ...folders].some((folder) => existsSync(join(folder, 'libvulkan.so.1')));
}

/** A render device and an installed driver: distributions install every Mesa driver, also where there is no GPU. */
function hasHardwareVulkan() {
  const device = ['/dev/nvidia0', '/dev/dxg'].some(existsSync) || list('/dev/dri').some((name) => name.startsWith('renderD'));
  const folders = [
    '/usr/share/vulkan/icd.d',
    '/usr/local/share/vulkan/icd.d',
    '/etc/vulkan/icd.d',
    join(homedir(), '.local/share/vulkan/icd.d'),
  ];
  return device && folders.some((folder) => list(folder).some((name) => name.endsWith('.json')));
}

function list(/** @type {string} */ folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}
