import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics.ts';

/** A port that only Prometheus asks. */
export type MetricsServer = {
  readonly url: string;
  readonly port: number;
  readonly stop: () => Promise<void>;
};

export type MetricsServerOptions = {
  /** 0 takes a free one. */
  readonly port: number;
  /** Loopback when left out: what a shop sells by the minute is nobody else's business. */
  readonly host?: string | undefined;
};

/** Serves the metrics at `/metrics`, apart from the port that clients reach. */
export const serveMetrics = async (
  metrics: Pick<Metrics, 'text' | 'contentType'>,
  { port: wantedPort, host = '127.0.0.1' }: MetricsServerOptions,
): Promise<MetricsServer> => {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wantedPort, host, resolve);
  });
  // A server on a port has an address with a port; a string would be a pipe's name.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/metrics`,
    port,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
};
