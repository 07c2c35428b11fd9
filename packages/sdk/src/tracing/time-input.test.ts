import { isTimeInput as isTimeInputOfCore, timeInputToHrTime } from '@opentelemetry/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hrTimeOf, isTimeInput } from './time-input.ts';

const times = fc.oneof(
  fc.tuple(fc.nat(), fc.nat(999_999_999)),
  fc.date({ noInvalidDate: true }),
  fc.double({ min: 0, max: 4e12, noNaN: true }),
  fc.double({ min: 0, max: 1e7, noNaN: true }),
);

test('property: every form of a time means what OpenTelemetry’s own SDK takes it for', () => {
  fc.assert(
    fc.property(times, (time) => {
      expect(hrTimeOf(time)).toEqual(timeInputToHrTime(time));
    }),
  );
});

test('property: anything may be asked for being a time, and what is none is no time', () => {
  fc.assert(
    fc.property(fc.oneof(times, fc.anything()), (value) => {
      expect(isTimeInput(value)).toBe(isTimeInputOfCore(value));
      expect(hrTimeOf(value) !== undefined).toBe(isTimeInput(value));
    }),
  );
});
