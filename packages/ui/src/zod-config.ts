import { config } from 'zod';

/**
 * Zod compiles its parsers with `new Function` where it may. The server's content security policy
 * forbids that, and even the attempt is reported as a violation. This module is imported before
 * anything that builds a schema.
 */
config({ jitless: true });
