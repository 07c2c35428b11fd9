import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';

const DEADLINE_MS = 60_000;

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/**
 * Sends a request as it is told to: any Host header, any path without being tidied up, any client
 * certificate. `url` names the server only.
 */
export function rawRequest(
  url: string,
  options: RequestOptions & { ca?: Buffer; cert?: Buffer; key?: Buffer; body?: string | Buffer },
): Promise<RawAnswer> {
  const { protocol, hostname, port } = new URL(url);
  const { body, ...rest } = options;
  const send = protocol === 'https:' ? httpsRequest : httpRequest;
  const signal = AbortSignal.timeout(DEADLINE_MS);
  return new Promise((resolve, reject) => {
    const request = send({ hostname, port, agent: false, signal, ...rest }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.once('error', reject);
    request.end(body);
  });
}

/** Writes bytes to a port and tells what came back until the other side closed. */
export function rawBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    socket.setTimeout(DEADLINE_MS, () => reject(new Error('the other side keeps it open')));
    socket.once('close', () => resolve(text));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
  });
}
