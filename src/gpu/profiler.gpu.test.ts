import { expect, it } from 'vitest';
import { requestGpu } from './device';
import { TimestampProfiler } from './profiler';

const { device } = await requestGpu(navigator.gpu);

it.skipIf(!device.features.has('timestamp-query'))('measures more work as more time', async () => {
  const code = `
    @group(0) @binding(0) var<storage, read_write> a: array<f32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) thread: vec3u) {
      for (var i = 0u; i < 200u; i++) { a[thread.x] = a[thread.x] * 0.5 + 1.0; }
    }`;
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const buffer = device.createBuffer({ size: 4 * 65_536, usage: GPUBufferUsage.STORAGE });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  const profiler = TimestampProfiler.create(device)!;
  const time = (groups: number) =>
    profiler.measure('work', (pass) => {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(groups);
    });
  await time(1);
  const [one, thousand] = [await time(1), await time(1024)];
  expect(one).toBeGreaterThanOrEqual(0);
  expect(thousand).toBeGreaterThan(one);
  profiler.destroy();
});
