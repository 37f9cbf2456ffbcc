import { LabError } from '../../core/errors';
import type { LabApi, LabEvent, LabFacts } from '../../worker/protocol';
import type { StorePorts } from './ports';

/** The store's end of the worker: at most one is alive, and calls before it is open are refused with a sentence. */
export class Connection {
  private client: ReturnType<StorePorts['spawnLab']> | undefined;

  constructor(private readonly ports: StorePorts) {}

  /** Ends the worker there is, if any, and opens a new one. */
  async open(onEvent: (event: LabEvent) => void): Promise<LabFacts> {
    this.client?.terminate();
    const client = this.ports.spawnLab();
    this.client = client;
    const { assetsBase, tuningSeconds } = this.ports;
    const onOwnEvent = (event: LabEvent) => {
      // A late event of a worker that was replaced says nothing about the present one.
      if (this.client === client) onEvent(event);
    };
    return client.api.open(assetsBase, onOwnEvent, { tuningSeconds });
  }

  get api(): LabApi {
    if (!this.client)
      throw new LabError('lab', 'an open lab', 'none', 'wait until the GPU is ready, or see the message on the page');
    return this.client.api;
  }
}
