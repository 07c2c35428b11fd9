// The clock of another host, for one process: `node --import <this file's URL>?ms=-1500 service.ts`.
// It has to be skewed before anything has looked at it, in each thread, hence not by the service.
const skewMs = Number(new URL(import.meta.url).searchParams.get('ms'));
const trueNow = Date.now;
Date.now = () => trueNow() + skewMs;
