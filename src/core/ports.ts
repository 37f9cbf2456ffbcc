/** What the core needs from the platform it runs on; page, worker, Node and tests each inject their own. */

/** Reads the files that ship with the lab (`corpus/index.json`, `tokenizers/bpe-1024/tokenizer.json`), by path below the assets' root. */
export interface AssetReader {
  /** Rejects when there is no such file. */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** A folder that can be written: a directory on disk under Node, later the browser's own file system. Paths are below its root. */
export interface FileStore extends AssetReader {
  write(path: string, content: Uint8Array | string): Promise<void>;
  /** Adds to the end of a file, which need not exist. */
  append(path: string, text: string): Promise<void>;
  /** Names in a folder; none where there is no such folder. */
  list(path: string): Promise<string[]>;
  /** Replaces what is at `to`. */
  rename(from: string, to: string): Promise<void>;
  /** A file or a whole folder; nothing happens where there is none. */
  remove(path: string): Promise<void>;
}

/** What is remembered of adapters between visits: short texts under keys. */
export interface TuningCache {
  /** Undefined where nothing is remembered. */
  read(key: string): Promise<string | undefined>;
  write(key: string, value: string): Promise<void>;
}
