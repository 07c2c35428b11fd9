import { get } from 'node:http';
import { request } from 'undici';

/** Asks for JSON by each of the HTTP clients whose requests the sdk's instrumentations trace. */
export const HTTP_CLIENTS: Record<string, (url: string) => Promise<unknown>> = {
  http: (url) =>
    new Promise((resolve, reject) => {
      get(url, async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve(JSON.parse(Buffer.concat(chunks).toString()));
      }).on('error', reject);
    }),
  undici: async (url) => (await request(url)).body.json(),
  fetch: async (url) => (await fetch(url)).json(),
};
