import { type IDBPDatabase, openDB } from 'idb';
import type { TuningCache } from '../core/ports';

const STORE = 'tuning';

/** What the lab remembers of this browser's adapters, in its IndexedDB. Rejects where the browser keeps none, as some private windows do. */
export class TuningDatabase implements TuningCache {
  private database: Promise<IDBPDatabase> | undefined;

  async read(key: string): Promise<string | undefined> {
    const value: unknown = await (await this.open()).get(STORE, key);
    return typeof value === 'string' ? value : undefined;
  }

  async write(key: string, value: string): Promise<void> {
    await (await this.open()).put(STORE, value, key);
  }

  private open(): Promise<IDBPDatabase> {
    this.database ??= openDB('ropewalk-tuning', 1, { upgrade: (database) => void database.createObjectStore(STORE) });
    return this.database;
  }
}
