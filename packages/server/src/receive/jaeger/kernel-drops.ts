import { readFile } from 'node:fs/promises';

/** Where Linux lists its IPv4 sockets, with the bytes of an address last to first. */
const TABLE = '/proc/net/udp';

/**
 * Datagrams that the kernel has dropped since the socket of this address was opened, because they
 * came faster than they were read.
 *
 * @param address IPv4
 * @returns undefined where it is not known: only Linux tells
 */
export async function kernelDrops(address: string, port: number): Promise<number | undefined> {
  const table = await readFile(TABLE, 'utf8').catch(() => '');
  const bytes = address.split('.').reverse().map(Number);
  const place = `${bytes.map((byte) => hex(byte, 2)).join('')}:${hex(port, 4)}`;
  const row = table.split('\n').find((line) => line.trim().split(/\s+/)[1] === place);
  const drops = Number(row?.trim().split(/\s+/).at(-1));
  return Number.isSafeInteger(drops) ? drops : undefined;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}
