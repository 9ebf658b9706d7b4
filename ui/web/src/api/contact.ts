/** When the server was last heard from, and whether it can be reached: what the panel shows is as of then. */
export class Contact {
  #at: number;
  #reachable = true;
  #snapshot: Reached;
  readonly #listeners = new Set<() => void>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#at = now();
    this.#snapshot = { reachable: true, at: this.#at };
  }

  /** An answer or an event came. */
  heard() {
    this.#at = this.#now();
    if (!this.#reachable) this.#set(true);
  }

  /** A request had no answer, or the stream of events fell silent. */
  lost() {
    if (this.#reachable) this.#set(false);
  }

  #set(reachable: boolean) {
    this.#reachable = reachable;
    this.#snapshot = { reachable, at: this.#at };
    this.#listeners.forEach((listener) => listener());
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** The same object until reachable changes. */
  current = (): Reached => this.#snapshot;
}

export interface Reached {
  reachable: boolean;
  /** The last moment at which the server was heard. */
  at: number;
}
