import { describe, expect, it } from 'vitest';
import { EventParser } from './sse';

function parse(...chunks: string[]) {
  const parser = new EventParser();
  return chunks.flatMap((c) => parser.push(c)).map((e) => [e.event, e.data]);
}

describe('EventParser', () => {
  it.each<[string, string[], string[][]]>([
    ['one event', ['event: run\ndata: {"id":1}\n\n'], [['run', '{"id":1}']]],
    ['no name means message', ['data: x\n\n'], [['message', 'x']]],
    ['several data lines join', ['data: a\ndata: b\n\n'], [['message', 'a\nb']]],
    ['one space after the colon is dropped, others stay', ['data:  x\n\n'], [['message', ' x']]],
    ['no space after the colon', ['data:x\n\n'], [['message', 'x']]],
    ['a field without a colon', ['data\n\n'], [['message', '']]],
    ['comments and unknown fields', [': hello\nretry: 5\nfoo: bar\ndata: x\n\n'], [['message', 'x']]],
    ['an event without data is none', ['event: ping\n\nevent: run\ndata: x\n\n'], [['run', 'x']]],
    ['a name does not outlive its event', ['event: run\ndata: 1\n\ndata: 2\n\n'], [['run', '1'], ['message', '2']]],
    ['CRLF', ['event: run\r\ndata: x\r\n\r\n'], [['run', 'x']]],
    ['CR', ['event: run\rdata: x\r\r'], [['run', 'x']]],
    ['a byte order mark', ['\uFEFFdata: x\n\n'], [['message', 'x']]],
    ['an unfinished event is not told', ['data: x\n'], []],
    ['CRLF cut between its halves', ['data: x\r', '\n\r', '\ndata: y\r\n\r\n'], [['message', 'x'], ['message', 'y']]],
  ])('%s', (_, chunks, want) => {
    expect(parse(...chunks)).toEqual(want);
  });

  it('says the same however the stream is cut', () => {
    const stream = 'event: run\r\ndata: {"name":"Ünïcode"}\r\ndata: 2\r\n\r\n: ping\n\nevent: quota\ndata: 3\n\n';
    const whole = parse(stream);
    expect(whole).toEqual([['run', '{"name":"Ünïcode"}\n2'], ['quota', '3']]);
    expect(parse(...Array.from(stream))).toEqual(whole); // character by character
    for (let cut = 0; cut <= stream.length; cut++) expect(parse(stream.slice(0, cut), stream.slice(cut))).toEqual(whole);
  });

  it('keeps the last id', () => {
    const [a, b] = new EventParser().push('id: 7\ndata: x\n\ndata: y\n\n');
    expect([a?.id, b?.id]).toEqual(['7', '7']);
  });
});
