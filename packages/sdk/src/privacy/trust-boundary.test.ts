import { propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { ATTR } from '@throughline/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StrictPropagator } from '../propagation/propagator.ts';
import { testTracing } from '../testing/tracing.ts';
import { BaggageAllowList } from './baggage-allow-list.ts';
import { atTrustBoundary, untrustedContextLink } from './trust-boundary.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const CARRIER = {
  traceparent: `00-${TRACE}-${SPAN}-03`,
  tracestate: 'client=1',
  baggage: 'user.id=somebody-else',
};

test('of a context from outside only its ids are left, in a link', () => {
  expect(untrustedContextLink(testTracing(), CARRIER)).toEqual({
    context: { traceId: TRACE, spanId: SPAN, traceFlags: 0, isRemote: true },
    attributes: { [ATTR.linkType]: 'client_context' },
  });
});

test('without a usable context there is no link', () => {
  const tracing = testTracing();
  for (const carrier of [{}, { traceparent: 'bad' }, { baggage: 'user.id=u1' }]) {
    expect(untrustedContextLink(tracing, carrier)).toBeUndefined();
  }
});

test('nothing but hexadecimal ids passes the boundary, whatever came', () => {
  const everything = new StrictPropagator(new BaggageAllowList(['user.id', 'symbol']));
  const flags = fc.constantFrom('00', '01', '02', '03', 'ff');
  const text = fc.string({ maxLength: 40 });
  fc.assert(
    fc.property(flags, text, text, (flag, tracestate, value) => {
      const context = propagation.setBaggage(
        ROOT_CONTEXT,
        propagation.createBaggage({ symbol: { value } }),
      );
      const carrier: Record<string, string> = { tracestate };
      everything.inject(context, carrier);
      carrier.traceparent = `00-${TRACE}-${SPAN}-${flag}`;
      const untrusted = atTrustBoundary(everything.read(carrier));
      expect(untrusted).toMatchObject({ spanContext: undefined, baggage: undefined });
      expect(untrusted.link?.context).toEqual({
        traceId: TRACE,
        spanId: SPAN,
        traceFlags: 0,
        isRemote: true,
      });
    }),
  );
});

test('a client that says "not sampled" does not keep us from sampling, nor the other way round', () => {
  for (const [samplingRate, flag] of [
    [1, '00'],
    [0, '01'],
  ] as const) {
    const tracing = testTracing({ samplingRate });
    const carrier = { ...CARRIER, traceparent: `00-${TRACE}-${SPAN}-${flag}` };
    const link = untrustedContextLink(tracing, carrier);
    const span = tracing.tracer.startSpan('received', { links: link ? [link] : [] }, ROOT_CONTEXT);
    expect(span.isRecording()).toBe(samplingRate === 1);
    expect(span.spanContext().traceId).not.toBe(TRACE);
  }
});
