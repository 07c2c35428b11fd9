import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  type Span,
} from '@opentelemetry/api';
import { ATTR } from '@throughline/model/names';
import { hostIsTrusted } from './host-trust.ts';

/** Spans whose context stays here. They are recorded like any other, or left out like any other. */
const withheld = new WeakSet<Span>();

export function withholdContext(span: Span): void {
  withheld.add(span);
}

export function isWithheld(span: Span): boolean {
  return withheld.has(span);
}

const WITHHELD_HERE = createContextKey('Throughline withheld context');

/**
 * Runs the function, sync or async, whose HTTP requests are to somebody else, such as an exchange,
 * although their host may look like one of ours: they have their spans, and carry no context.
 *
 * @returns what the function returns
 */
export function withoutPropagation<T>(fn: () => T): T {
  return context.with(context.active().setValue(WITHHELD_HERE, true), fn);
}

/** Whether the span's parent context is one of {@link withoutPropagation}. */
export function isWithheldHere(parent: Context): boolean {
  return parent.getValue(WITHHELD_HERE) === true;
}

/** Brokers and databases are reached by clients of their own, and nobody there but us reads the context. */
const OTHER_SYSTEMS = [ATTR.messagingSystem, ATTR.dbSystemName, 'db.system'];

/**
 * Whether a client's span is of a request to a host that is not trusted, by the attributes that
 * instrumentations give it at its start (OpenTelemetry semantic conventions, HTTP client). Where the
 * URL does not name the server, the request is passed on by a proxy, or its host is written in a
 * form that the instrumentation does not understand: then nobody knows who gets it.
 */
export function goesOutside(
  attributes: Attributes | undefined,
  trustedHosts: readonly string[],
): boolean {
  const { [ATTR.serverAddress]: address, [ATTR.urlFull]: url } = attributes ?? {};
  if (address === undefined && url === undefined) return false;
  if (OTHER_SYSTEMS.some((key) => attributes?.[key] !== undefined)) return false;
  if (trustedHosts.includes('*')) return false;
  const host = address ?? URL.parse(String(url))?.hostname;
  if (typeof host !== 'string' || !hostIsTrusted(host, trustedHosts)) return true;
  return url !== undefined && !namesHost(String(url), host);
}

/** The text is compared: an instrumentation may write the address of IPv6 without its brackets. */
function namesHost(url: string, host: string): boolean {
  const rest = url.replace(/^[a-z]+:\/\/([^/?#@]*@)?/i, '');
  return [host, `[${host}]`].some(
    (form) => rest.startsWith(form) && /^(:\d+)?([/?#]|$)/.test(rest.slice(form.length)),
  );
}
