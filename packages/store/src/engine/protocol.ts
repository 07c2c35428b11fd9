/**
 * What the engine child needs to open its tables. Sent once, by ipc: a password is not for an argv.
 */
export interface OpenMessage {
  type: 'open';
  path: string;
  password: string;
  memoryBytesMax: number;
}

/** Finish what runs, close the tables, exit. */
export interface CloseMessage {
  type: 'close';
}

export type ParentMessage = OpenMessage | CloseMessage;

/** The tables are open and the port of the HTTP interface answers. */
export interface ReadyMessage {
  type: 'ready';
  port: number;
  version: string;
}
