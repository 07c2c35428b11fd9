import { errorMonitor } from 'node:events';

/** A socket of the package `ws`, or the platform's `WebSocket`. */
export interface AnyWebSocket {
  readonly readyState: number;
  send(data: never): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'close', listener: (event: CloseInfo) => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  removeEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/** How a connection ended: RFC 6455, section 7.4; 1006 is an end without a goodbye. */
export interface CloseInfo {
  readonly code: number;
  readonly reason: string;
}

/** RFC 6455, section 7.1.5: no close frame came. */
export const ABNORMAL_CLOSE = 1006;

/** Values of `readyState`. */
export const CONNECTING = 0;
export const OPEN = 1;

/** Hears of errors without handling them: one that nobody handles must go on ending the process. */
export function watchErrors(socket: AnyWebSocket, listener: (error: unknown) => void): void {
  if ('on' in socket && typeof socket.on === 'function') {
    socket.on(errorMonitor, listener);
    return;
  }
  const target: Pick<EventTarget, 'addEventListener'> = socket as never;
  target.addEventListener('error', (event) => listener((event as { error?: unknown }).error));
}
