/** Every device that a library in this page asks for: what it reports without being asked, and when its queue is empty. */
export class WatchedDevices {
  private readonly devices: GPUDevice[] = [];
  private problem: Error | undefined;
  private readonly failed: Promise<never>;

  /** Wraps `GPUAdapter.requestDevice` from now on. */
  constructor() {
    let fail: (error: Error) => void;
    this.failed = new Promise((_, reject) => {
      fail = reject;
    });
    this.failed.catch(() => undefined);
    const report = (error: Error) => {
      this.problem ??= error;
      fail(error);
    };
    const { prototype } = GPUAdapter;
    const original = prototype.requestDevice;
    const { devices } = this;
    prototype.requestDevice = async function (...values) {
      const device = await original.apply(this, values);
      devices.push(device);
      device.addEventListener('uncapturederror', ({ error }) => report(new Error(`${error.constructor.name}: ${error.message}`)));
      device.lost.then(({ message }) => report(new Error(`the device was lost: ${message}`)));
      return device;
    };
  }

  /**
   * Waits for work, then until every queue is empty.
   * @throws what a device reported, at once where it is lost, since nothing else may ever end then.
   */
  async finish<Value>(work: Promise<Value>): Promise<Value> {
    const value = await Promise.race([work, this.failed]);
    await Promise.all(this.devices.map(({ queue }) => queue.onSubmittedWorkDone()));
    if (this.problem) throw this.problem;
    return value;
  }
}
