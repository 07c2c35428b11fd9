import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Attributes } from '@opentelemetry/api';
import { ATTR } from '@throughline/model/names';
import type { TracingConfig } from './config.ts';

export const SDK_NAME = '@throughline/sdk';
export const SDK_VERSION = '0.1.0';

/** What makes the spans (OpenTelemetry, Resource SDK). */
export interface Resource {
  readonly attributes: Attributes;
}

/**
 * Who made the spans: the service, its instance, host and process, and the SDK. What the
 * configuration says of the instance and host is kept.
 */
export function serviceResource(
  config: Pick<TracingConfig, 'serviceName' | 'serviceVersion' | 'resourceAttributes'>,
): Resource {
  const { serviceName, serviceVersion, resourceAttributes } = config;
  const attributes = {
    'telemetry.sdk.name': SDK_NAME,
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.version': SDK_VERSION,
    [ATTR.serviceInstanceId]: randomUUID(),
    [ATTR.hostName]: hostname(),
    'process.pid': process.pid,
    ...resourceAttributes,
    [ATTR.serviceName]: serviceName,
    ...(serviceVersion === undefined ? {} : { [ATTR.serviceVersion]: serviceVersion }),
  };
  return { attributes };
}
