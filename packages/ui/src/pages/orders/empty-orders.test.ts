import { expect, test } from 'vitest';
import { environmentLines } from './empty-orders.tsx';

test('the lines name the address at which the server takes OTLP over HTTP', () => {
  const endpoints = { ui: 'http://h:1', otlpHttp: 'http://h:9318' };
  expect(environmentLines(endpoints)).toContain('OTEL_EXPORTER_OTLP_ENDPOINT=http://h:9318');
});
