import type * as http from 'node:http';
import type * as https from 'node:https';

/**
 * Node's own HTTP, loaded when it is needed, and without an `import` at run time: that evaluates all
 * that the module exports, `WebSocket` among them, for which Node loads 14 MB of undici.
 */
export function nodeHttp(): typeof http {
  return process.getBuiltinModule('node:http');
}

/** As {@link nodeHttp}. With TLS it is another 5 MB, which few services need for their spans. */
export function nodeHttps(): typeof https {
  return process.getBuiltinModule('node:https');
}
