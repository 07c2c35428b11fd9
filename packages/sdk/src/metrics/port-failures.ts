/** How often a port for metrics could not be listened on in this process. */
export const portFailures = { count: 0 };
