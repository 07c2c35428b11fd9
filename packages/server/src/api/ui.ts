import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { ThroughlineError } from '@throughline/model';
import type { FastifyInstance } from 'fastify';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

interface Asset {
  readonly body: Buffer;
  readonly compressed: Buffer;
  readonly type: string;
}

/**
 * Serves the built web application from memory: a request chooses among files read at start and never
 * names a path on disk. Any other path outside /api is a page of the application (a deep link).
 */
export function uiRoutes(app: FastifyInstance, folder: string): void {
  const assets = readAssets(folder);
  const index = assets.get('/index.html');
  if (!index) {
    throw new ThroughlineError('TL_UI_NOT_BUILT', 'the web application is not built', {
      hint: 'Start with `npm start`, or build it with `npm run build --workspace @throughline/ui`.',
    });
  }
  app.get('/*', async (request, reply) => {
    const path = request.url.split('?', 1).join('');
    if (path.startsWith('/api/')) return reply.callNotFound();
    const asset = assets.get(path);
    if (!asset && path.startsWith('/assets/')) return reply.callNotFound();
    const { body, compressed, type } = asset ?? index;
    // Names of assets carry a hash of their content; the page that names them must always be fresh.
    const fresh =
      asset && path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    reply.type(type).header('cache-control', fresh).header('vary', 'accept-encoding');
    if (!/\bbr\b/.test(String(request.headers['accept-encoding'] ?? ''))) return reply.send(body);
    return reply.header('content-encoding', 'br').send(compressed);
  });
}

function readAssets(folder: string): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  let names: string[] = [];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    // Not built: the caller says so.
  }
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const body = readFileSync(join(folder, name));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
    assets.set(`/${name.replaceAll('\\', '/')}`, {
      body,
      compressed: brotliCompressSync(body, { params }),
      type,
    });
  }
  return assets;
}
