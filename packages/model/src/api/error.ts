import { z } from 'zod';
import { ERROR_STATUS, type ErrorCode } from '../errors.ts';

/** The body of every answer above 399, except where a protocol has its own form. */
export const errorResponseSchema = z.object({
  error: z.object({
    code: z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    hint: z.string().optional(),
  }),
});
export type ErrorResponse = z.output<typeof errorResponseSchema>;
