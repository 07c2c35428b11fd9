import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { ATTR } from '@throughline/model';

/**
 * Who made the spans: the service, its instance, host and process, and OpenTelemetry's
 * `telemetry.sdk.*`.
 */
export function serviceResource(serviceName: string, serviceVersion: string | undefined): Resource {
  return defaultResource().merge(
    resourceFromAttributes({
      [ATTR.serviceName]: serviceName,
      ...(serviceVersion === undefined ? {} : { [ATTR.serviceVersion]: serviceVersion }),
      [ATTR.serviceInstanceId]: randomUUID(),
      [ATTR.hostName]: hostname(),
      'process.pid': process.pid,
    }),
  );
}
