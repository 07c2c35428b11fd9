/** Which parts of a service are up: what /readyz says. */
export class Readiness {
  readonly #parts = new Map<string, boolean>();

  set(part: string, isReady: boolean): void {
    this.#parts.set(part, isReady);
  }

  /** The parts that are not up, in the order in which they were first named. */
  missing(): string[] {
    return [...this.#parts].filter(([, isReady]) => !isReady).map(([part]) => part);
  }
}
