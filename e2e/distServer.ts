import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const CONTENT_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

/** A plain static server, as any host is: the real 404s that a development server hides behind its index page. */
export interface DistServer {
  /** Address of the page with a final slash, e.g. `http://127.0.0.1:41234/some/folder/`. */
  url: string;
  close(): Promise<void>;
}

/**
 * Serves `folder` under `basePath` on a free port of this machine.
 * @param basePath begins and ends with a slash; a path of its own proves that the build has no absolute addresses.
 */
export async function serveDist(folder: string, basePath: string): Promise<DistServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const path = pathname.startsWith(basePath) ? decodeURIComponent(pathname.slice(basePath.length)) || 'index.html' : undefined;
    const file = path === undefined ? undefined : join(folder, normalize(`/${path}`));
    if (!file || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
      return;
    }
    response.writeHead(200, { 'content-type': CONTENT_TYPES[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`static server: expected a port, got ${address}`);
  return {
    url: `http://127.0.0.1:${address.port}${basePath}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
