/** What the core needs from the platform it runs on; page, worker, Node and tests each inject their own. */

/** Reads the files that ship with the lab (`corpus/index.json`, `tokenizers/bpe-1024/tokenizer.json`), by path below the assets' root. */
export interface AssetReader {
  /** Rejects when there is no such file. */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
}
