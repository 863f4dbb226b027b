import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it arrives at a collector. */
export type ReceivedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
};

type Export = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: ReceivedSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
};

/** A collector of OTLP over HTTP that keeps what it receives. */
export const startCollector = async () => {
  const texts: string[] = [];
  const spans: ReceivedSpan[] = [];
  const services: unknown[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const { resourceSpans }: Export = JSON.parse(text);
    texts.push(`${request.url} ${text}`);
    for (const { resource, scopeSpans } of resourceSpans) {
      services.push(...resource.attributes.map(({ key, value }) => [key, value['stringValue']]));
      spans.push(...scopeSpans.flatMap((scope) => scope.spans));
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  /** The names of spans as they began, each with those under it. */
  const treeOf = (parent?: string): unknown[] =>
    spans
      .filter(({ parentSpanId }) => parentSpanId === parent)
      .sort((one, other) => Number(BigInt(one.startTimeUnixNano) - BigInt(other.startTimeUnixNano)))
      .map(({ name, spanId }) => (treeOf(spanId).length === 0 ? name : [name, treeOf(spanId)]));

  return {
    endpoint: `http://127.0.0.1:${port}`,
    texts,
    spans,
    services,
    treeOf,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
