import type { Attributes, AttributeValue } from '@opentelemetry/api';

/**
 * The attributes of a span while it is open: two short lists, which are cheaper to fill and to encode
 * than an object of ever other shape.
 */
export class AttributeList {
  readonly keys: string[] = [];
  readonly values: AttributeValue[] = [];

  /** Sets the attribute; one that has the key already is replaced. Other than attribute values are left out. */
  set(key: string, value: AttributeValue | undefined): void {
    if (!isUsable(key, value)) return;
    const index = this.keys.indexOf(key);
    const kept = Array.isArray(value) ? (value.slice() as AttributeValue) : value;
    if (index >= 0) {
      this.values[index] = kept;
    } else {
      this.keys.push(key);
      this.values.push(kept);
    }
  }

  /** Adds a text whose key the list has not yet. */
  add(key: string, value: string): void {
    this.keys.push(key);
    this.values.push(value);
  }

  setAll(attributes: Attributes | undefined): void {
    for (const key in attributes) this.set(key, attributes[key]);
  }

  get(key: string): AttributeValue | undefined {
    const index = this.keys.indexOf(key);
    return index < 0 ? undefined : this.values[index];
  }

  /** Keeps the first ones. @returns how many went */
  shorten(countMax: number): number {
    const surplus = Math.max(this.keys.length - countMax, 0);
    if (surplus > 0) this.keys.length = this.values.length = countMax;
    return surplus;
  }

  toObject(): Attributes {
    return Object.fromEntries(this.keys.map((key, index) => [key, this.values[index]]));
  }
}

function isUsable(key: string, value: AttributeValue | undefined): value is AttributeValue {
  if (value === undefined || value === null || key === '') return false;
  return typeof value !== 'function' && typeof value !== 'symbol';
}
