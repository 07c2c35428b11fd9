import { ROOT_CONTEXT } from '@opentelemetry/api';
import * as core from '@opentelemetry/core';
import { expect, test } from 'vitest';
import { isTracingSuppressed, suppressTracing } from './suppression.ts';

test('what suppresses tracing for us does so for OpenTelemetry’s own packages, and the reverse', () => {
  expect(isTracingSuppressed(ROOT_CONTEXT)).toBe(false);
  expect(core.isTracingSuppressed(suppressTracing(ROOT_CONTEXT))).toBe(true);
  expect(isTracingSuppressed(core.suppressTracing(ROOT_CONTEXT))).toBe(true);
  expect(isTracingSuppressed(core.unsuppressTracing(suppressTracing(ROOT_CONTEXT)))).toBe(false);
});
