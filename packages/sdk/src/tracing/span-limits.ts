/** What one span keeps (OpenTelemetry, Span limits). What is beyond a limit is left out and counted. */
export interface SpanLimits {
  /** Characters of a text; longer ones are cut. */
  readonly attributeValueLengthMax: number;
  readonly attributeCountMax: number;
  readonly eventCountMax: number;
  readonly linkCountMax: number;
  readonly attributesPerEventMax: number;
  readonly attributesPerLinkMax: number;
}
