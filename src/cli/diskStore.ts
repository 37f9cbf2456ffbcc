import { appendFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileStore } from '../core/ports';
import { readBytes } from './files';

/** A folder on disk; it is made with the first file. */
export function diskStore(folder: string): FileStore {
  const at = (path: string) => join(folder, path);
  const makeParent = (path: string) => mkdir(dirname(at(path)), { recursive: true });
  return {
    read: (path) => readBytes(at(path)),
    async write(path, content) {
      await makeParent(path);
      await writeFile(at(path), content);
    },
    async append(path, text) {
      await makeParent(path);
      await appendFile(at(path), text);
    },
    list: (path) => readdir(at(path)).catch(() => []),
    async rename(from, to) {
      await rm(at(to), { recursive: true, force: true });
      await rename(at(from), at(to));
    },
    remove: (path) => rm(at(path), { recursive: true, force: true }),
  };
}
