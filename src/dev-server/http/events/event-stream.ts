/** One server-sent event; `data` goes as JSON. */
export interface ServerEvent {
  id?: string | number;
  event: string;
  data: Readonly<Record<string, unknown>>;
}

/** Where the source of a stream of events puts them. */
export interface EventSink {
  send(event: ServerEvent): void;
  /** A line that clients do not see. */
  comment(text: string): void;
}

/** An answer without an end: only the client, or the end of the server, ends it. */
export interface EventStream {
  sessionId: string;
  /** Starts to send; returns what stops it. */
  open(sink: EventSink): () => void;
}

/** The event as it goes over the wire. */
export function formatEvent({ id, event, data }: ServerEvent): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `${idLine}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
