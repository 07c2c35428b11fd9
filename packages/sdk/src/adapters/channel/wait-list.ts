interface Place<T> {
  readonly item: T;
  isWaiting: boolean;
  previous: Place<T> | undefined;
  next: Place<T> | undefined;
}

/**
 * Who waits, served in the order of coming. Anyone may leave from the middle: a doubly linked list,
 * because a `Map` or `Set` used as a queue skips its deleted entries at every look.
 */
export class WaitList<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;

  /** @returns leaves the list; does nothing for an item that was taken or has left */
  add(item: T): () => void {
    const place: Place<T> = { item, isWaiting: true, previous: this.#last, next: undefined };
    if (this.#last) this.#last.next = place;
    else this.#first = place;
    this.#last = place;
    return () => this.#remove(place);
  }

  /** Who came first, or `undefined` when nobody waits. */
  take(): T | undefined {
    const first = this.#first;
    if (first) this.#remove(first);
    return first?.item;
  }

  #remove(place: Place<T>): void {
    if (!place.isWaiting) return;
    place.isWaiting = false;
    if (place.previous) place.previous.next = place.next;
    else this.#first = place.next;
    if (place.next) place.next.previous = place.previous;
    else this.#last = place.previous;
  }
}
