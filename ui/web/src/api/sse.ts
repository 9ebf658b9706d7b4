/** One server-sent event. */
export interface ServerEvent {
  event: string;
  data: string;
  id: string;
}

/**
 * Parses text/event-stream as the HTML standard says: lines end in CR, LF or CRLF, a blank line ends
 * an event, "data" lines join with line feeds, lines that start with a colon are comments. Feed it
 * chunks as they come, cut anywhere.
 */
export class EventParser {
  #rest = '';
  #data: string[] = [];
  #event = '';
  #id = '';
  #first = true;
  #skipLF = false; // the last chunk ended in CR: a LF that follows belongs to it

  push(chunk: string): ServerEvent[] {
    if (this.#first && chunk.length > 0) {
      this.#first = false;
      if (chunk.startsWith('\uFEFF')) chunk = chunk.slice(1);
    }
    if (this.#skipLF && chunk.length > 0) {
      this.#skipLF = false;
      if (chunk.startsWith('\n')) chunk = chunk.slice(1);
    }
    const out: ServerEvent[] = [];
    const all = this.#rest + chunk;
    const ending = /\r\n|\r|\n/g;
    let start = 0;
    for (let m = ending.exec(all); m !== null; m = ending.exec(all)) {
      const event = this.#line(all.slice(start, m.index));
      if (event) out.push(event);
      start = m.index + m[0].length;
      if (m[0] === '\r' && start === all.length) this.#skipLF = true;
    }
    this.#rest = all.slice(start);
    return out;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') {
      const data = this.#data;
      const event = this.#event || 'message';
      this.#data = [];
      this.#event = '';
      return data.length > 0 ? { event, data: data.join('\n'), id: this.#id } : undefined;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const name = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    return undefined;
  }
}
